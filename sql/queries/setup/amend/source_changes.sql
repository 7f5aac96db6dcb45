-- What v1's tables and columns were called and of which type they were when the edition in force was entered, and are now, where that is
-- not the same; nulls for what is gone. And whether something else has the name of before.
select k.schema_name, k.table_name, n.nspname as schema_now, c.relname as table_now, k.name, a.attname as name_now,
       k.type, format_type(a.atttypid, a.atttypmod) as type_now,
       coalesce((select t.oid <> k.relation from pg_class t join pg_namespace s on s.oid = t.relnamespace where s.nspname = k.schema_name and t.relname = k.table_name), false)
         or exists (select from pg_attribute o where o.attrelid = k.relation and o.attname = k.name and o.attnum <> k.attnum and not o.attisdropped) as name_taken
from crossfade.source_column k
left join pg_class c on c.oid = k.relation
left join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum and not a.attisdropped
where k.migration = $1
  and (k.schema_name, k.table_name, k.name, k.type) is distinct from (n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod))
order by 1, 2, k.attnum
