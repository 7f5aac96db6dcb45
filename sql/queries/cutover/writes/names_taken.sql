-- Relations and types that have a name which a table of v2 ($1), or one of its partitions, indexes and sequences, wants in schema $3, or
-- which one of v1's ($2) wants when it is retired: what they are, and who wants it.
with piece as (
  select crossfade.pieces(array(select to_regclass(name) from unnest($1::text[]) name)) as relation, 2 as number
  union all
  select crossfade.pieces(array(select to_regclass(name) from unnest($2::text[]) name)), 1
), kind (relkind, name) as (
  values ('r', 'table'), ('p', 'table'), ('i', 'index'), ('I', 'index'), ('S', 'sequence'), ('v', 'view'), ('m', 'materialized view'), ('f', 'foreign table'), ('c', 'type')
), wish as (
  select c.oid, case number when 2 then to_regnamespace(quote_ident($3))::oid else c.relnamespace end as schema,
         case number when 2 then c.relname else crossfade.retired_name(c.relname)::name end as name,
         kind.name || ' ' || c.oid::regclass || case number when 2 then '' else ', retired,' end as by, kind.name = 'table' as brings_type
  from piece join pg_class c on c.oid = piece.relation join kind on kind.relkind = c.relkind::text
), holder as (
  select c.oid::regclass::text as name, kind.name as kind, wish.by
  from wish join pg_class c on c.relnamespace = wish.schema and c.relname = wish.name join kind on kind.relkind = c.relkind::text
  where c.oid not in (select relation from piece)
  union all
  -- A table brings a type of its name; that of an array gives way.
  select t.oid::regtype::text, 'type', wish.by
  from wish join pg_type t on t.typnamespace = wish.schema and t.typname = wish.name and wish.brings_type and t.typrelid = 0
  where not exists (select from pg_type element where element.typarray = t.oid)
)
select name, kind, min(by) as by, '' as fix from holder group by name, kind
union all
-- Two of the migration's own want one name: v2's piece can be called otherwise, but for a table, which is a target.
select two.name, two.kind, one.by, case when two.kind = 'table' then 'call it otherwise in v2.sql, and its target: crossfade cancel, and begin anew' else '' end
from (select w.oid, w.schema, w.name as wanted, w.by, w.oid::regclass::text as name, k.name as kind
      from wish w join pg_class c on c.oid = w.oid join kind k on k.relkind = c.relkind::text) two
join wish one on one.schema = two.schema and one.name = two.wanted and one.oid <> two.oid and one.by like '%, retired,'
where two.by not like '%, retired,'
order by 1
