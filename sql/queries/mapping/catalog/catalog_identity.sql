-- What the WAL tells of a row of tables $1 before it changed, one line a partition that holds rows: a partition has a
-- replica identity of its own. No columns where it tells nothing; the mode says where it tells all.
with leaf as (
  select c.oid as source, c.oid, c.relreplident from pg_class c where c.oid = any ($1::oid[]) and c.relkind = 'r'
  union all
  select p.oid, c.oid, c.relreplident
  from pg_class p
  cross join pg_partition_tree(p.oid) t
  join pg_class c on c.oid = t.relid
  where p.oid = any ($1::oid[]) and p.relkind = 'p' and t.isleaf
)
select leaf.source, leaf.oid::regclass::text as name, leaf.relreplident as mode,
       (select array_agg(a.attname::text)
        from pg_index x
        join pg_attribute a on a.attrelid = leaf.oid and a.attnum = any ((x.indkey::int2[])[0:x.indnkeyatts - 1])
        where x.indrelid = leaf.oid
          and case leaf.relreplident
                when 'd' then x.indisprimary and x.indimmediate
                when 'i' then x.indisreplident
                else false end) as columns
from leaf
order by 1, 2
