-- Relations that have a name which a table of v2 ($1), or one of its partitions, indexes and sequences, wants in schema $3, or which one of
-- v1's ($2) wants when it is retired.
with side as (
  select p.relation::oid as relation, 2 as number from unnest($1::text[]) name cross join crossfade.with_partitions(to_regclass(name)) p (relation)
  union all
  select p.relation::oid, 1 from unnest($2::text[]) name cross join crossfade.with_partitions(to_regclass(name)) p (relation)
), piece as (
  select relation, number from side
  union
  select i.indexrelid, number from side join pg_index i on i.indrelid = side.relation
  union
  select d.objid, number
  from side join pg_depend d on d.refobjid = side.relation and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
                            and d.deptype in ('a', 'i')
  join pg_class s on s.oid = d.objid and s.relkind = 'S'
), wish as (
  select case number when 2 then to_regnamespace(quote_ident($3))::oid else c.relnamespace end as schema,
         case number when 2 then c.relname else crossfade.retired_name(c.relname)::name end as name
  from piece join pg_class c on c.oid = piece.relation
)
select distinct c.oid::regclass::text
from wish join pg_class c on c.relnamespace = wish.schema and c.relname = wish.name
where c.oid not in (select relation from piece)
