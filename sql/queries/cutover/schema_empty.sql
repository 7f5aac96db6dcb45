-- Nothing is in the schema that somebody may still use: a table of v2 may call a function that stayed behind.
select not exists (select from pg_depend d where d.refclassid = 'pg_namespace'::regclass and d.refobjid = n.oid)
from pg_namespace n where n.nspname = $1
