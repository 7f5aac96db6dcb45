-- The tables, parents before the tables that refer to them: whoever deletes a parent locks in this order too. Of shared ones
-- ($2) those that we may lock.
with recursive wanted as (
  select to_regclass(name)::oid as relation from unnest($1::text[]) name
  union
  select to_regclass(name)::oid from unnest($2::text[]) name where has_table_privilege(name, 'UPDATE, DELETE, TRUNCATE')
), depth (relation, steps) as (
  select relation, 0 from wanted
  union
  select k.conrelid, d.steps + 1
  from depth d join pg_constraint k on k.contype = 'f' and k.confrelid = d.relation and k.conrelid <> k.confrelid
  where k.conrelid in (select relation from wanted) and d.steps < 30
)
select coalesce(string_agg(relation::regclass::text, ', ' order by steps, relation::regclass::text), '')
from (select relation, max(steps) as steps from depth group by relation) each
