-- Foreign keys of tables $1. One to a partitioned table has a copy for each partition.
select f.conrelid, n.nspname as schema, p.relname as parent,
       (select array_agg(a.attname::text order by k.place)
        from unnest(f.conkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number) as columns,
       (select array_agg(a.attname::text order by k.place)
        from unnest(f.confkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number) as parent_columns,
       f.conname, f.condeferred
from pg_constraint f
join pg_class p on p.oid = f.confrelid
join pg_namespace n on n.oid = p.relnamespace
where f.conrelid = any ($1::oid[]) and f.contype = 'f' and f.conparentid = 0
order by f.conrelid, f.conname
