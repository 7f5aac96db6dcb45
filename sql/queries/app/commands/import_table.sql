-- A landing table by name: as it is called, its jsonb columns, whether it has file and line, and whether a unique key tells a line
-- that is there already: one of columns that a line itself gives. Beside a key that is
-- deferrable the server leaves nothing out. $1 name.
select c.oid::regclass::text as table_name,
       array(select a.attname::text from pg_catalog.pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
               and a.atttypid = 'pg_catalog.jsonb'::regtype order by a.attnum) as json_columns,
       exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'file' and a.atttypid = 'pg_catalog.text'::regtype)
         and exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'line' and a.atttypid = 'pg_catalog.int8'::regtype) as has_origin,
       exists (select from pg_catalog.pg_index i
               where i.indrelid = c.oid and i.indisunique and i.indpred is null
                 and not exists (select from pg_catalog.pg_attribute a
                                 where a.attrelid = c.oid and a.attnum = any (i.indkey::int2[])
                                   and (a.attidentity <> '' or (a.atthasdef and a.attgenerated = '')))) as repeatable,
       (select pg_catalog.format('%s of %s', pg_catalog.quote_ident(k.conname), k.conrelid::regclass) from pg_catalog.pg_constraint k
        where k.condeferrable and k.contype in ('p', 'u', 'x') and (k.conrelid = c.oid or k.conrelid in (select t.relid from pg_catalog.pg_partition_tree(c.oid) t))
        order by k.conrelid <> c.oid, k.conname limit 1) as deferrable_key
from pg_catalog.pg_class c
where c.oid = pg_catalog.to_regclass($1) and c.relkind in ('r', 'p')
