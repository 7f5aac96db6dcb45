-- Foreign keys of migration $1 that are left out until the flip, as the statements that bring them back to v2's tables where they are now.
-- Those of a partitioned table come partition by partition, and then, with their comment, as a whole, which takes them up: nothing is to be
-- made before these two.
with left_out as (
  select format('%I.%I', m.shadow_schema, d.target) as place, to_regclass(format('%I.%I', m.shadow_schema, d.target)) as relation, d.name, d.create_sql, d.validate_sql
  from crossfade.deferred d join crossfade.migration m on m.name = d.migration
  where d.migration = $1 and d.stage = 3
), piece as (
  select l.*, p.relid::regclass as leaf from left_out l left join lateral (select t.relid from pg_partition_tree(l.relation) t where t.isleaf and t.relid <> l.relation) p on true
), whole as (
  select distinct place, name, regexp_replace(format(create_sql, place), ' not valid(;\n|$)', '\1') as sql from piece where leaf is not null
)
select place as table_name, name, format(create_sql, coalesce(leaf::text, place)) as create_sql, format(validate_sql, coalesce(leaf::text, place)) as validate_sql, 0 as step
from piece
union all
select place, name, null, s.sql, s.step
from whole
cross join lateral (values (1, split_part(sql, E';\n', 1)), (2, nullif(substr(sql, length(split_part(sql, E';\n', 1)) + 3), ''))) s (step, sql)
where s.sql is not null
order by 1, 2, step
