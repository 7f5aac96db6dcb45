-- Foreign keys of migration $1 that are left out until the flip, as the statements that bring them back to v2's tables where they are now.
-- Those of a partitioned table come partition by partition, and then as a whole, which takes them up: `create_sql` is null there.
with left_out as (
  select format('%I.%I', m.shadow_schema, d.target) as place, to_regclass(format('%I.%I', m.shadow_schema, d.target)) as relation, d.name, d.create_sql, d.validate_sql
  from crossfade.deferred d join crossfade.migration m on m.name = d.migration
  where d.migration = $1 and d.stage = 3
), piece as (
  select l.*, p.relid::regclass as leaf from left_out l left join lateral (select t.relid from pg_partition_tree(l.relation) t where t.isleaf and t.relid <> l.relation) p on true
)
select place as table_name, name, format(create_sql, coalesce(leaf::text, place)) as create_sql, format(validate_sql, coalesce(leaf::text, place)) as validate_sql
from piece
union all
select distinct place, name, null, regexp_replace(format(create_sql, place), ' not valid(;\n|$)', '\1') from piece where leaf is not null
order by 1, 2, 3 nulls last
