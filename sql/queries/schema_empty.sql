-- Nothing is in the schema that somebody may still use: a table of v2 may call a function that stayed behind.
select not exists (select from pg_class where relnamespace = n.oid) and not exists (select from pg_proc where pronamespace = n.oid)
       and not exists (select from pg_type where typnamespace = n.oid)
from pg_namespace n where n.nspname = $1
