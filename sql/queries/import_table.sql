-- A landing table by name: as it is called, its jsonb columns, and which of file and line it has. $1 name.
select c.oid::regclass::text as table_name,
       array(select a.attname::text from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
               and a.atttypid = 'pg_catalog.jsonb'::regtype order by a.attnum) as json_columns,
       exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'file' and a.atttypid = 'pg_catalog.text'::regtype)
         and exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'line' and a.atttypid = 'pg_catalog.int8'::regtype) as has_origin
from pg_catalog.pg_class c
where c.oid = pg_catalog.to_regclass($1) and c.relkind in ('r', 'p')
