-- Foreign keys of tables $1. One to a partitioned table has a copy for each partition. acts_on_update: where a row changes; one that has
-- another primary key goes, and comes.
select f.conrelid, n.nspname as schema, p.relname as parent,
       (select array_agg(a.attname::text order by k.place)
        from unnest(f.conkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number) as columns,
       (select array_agg(a.attname::text order by k.place)
        from unnest(f.confkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number) as parent_columns,
       f.conname, f.condeferred,
       f.confupdtype in ('c', 'n', 'd') and not exists (
         select from pg_index x where x.indrelid = f.confrelid and x.indisprimary and (x.indkey::int2[])[0:x.indnkeyatts - 1] @> f.confkey) as acts_on_update
from pg_constraint f
join pg_class p on p.oid = f.confrelid
join pg_namespace n on n.oid = p.relnamespace
where f.conrelid = any ($1::oid[]) and f.contype = 'f' and f.conparentid = 0
order by f.conrelid, f.conname
