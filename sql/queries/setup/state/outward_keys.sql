-- Foreign keys of the tables in schema $1 to tables of other schemas. has_namesake: the schema has a table of that name, too.
select format('%I.%I', $1::text, c.relname) as table_name, c.relname as target, k.conname as name, pg_get_constraintdef(k.oid) as definition,
       n.nspname as parent_schema, r.relname as parent,
       exists (select from pg_class o where o.relnamespace = c.relnamespace and o.relname = r.relname) as has_namesake
from pg_class c
join pg_constraint k on k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0
join pg_class r on r.oid = k.confrelid
join pg_namespace n on n.oid = r.relnamespace
where c.relnamespace = to_regnamespace(quote_ident($1::text)) and r.relnamespace <> c.relnamespace
order by 1, 3
