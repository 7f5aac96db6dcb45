-- The same for a rollback: who has a name that a table of v2 ($1), one of its indexes and sequences, or a thing that went along with them,
-- wants in schema $2, the shadow schema, or that one of v1's had before migration $3 retired it.
with piece as (
  select crossfade.pieces(array(select to_regclass(name) from unnest($1::text[]) name)) as relation
), kind (relkind, name) as (
  values ('r', 'table'), ('p', 'table'), ('i', 'index'), ('I', 'index'), ('S', 'sequence'), ('v', 'view'), ('m', 'materialized view'), ('f', 'foreign table'), ('c', 'type')
), shadow as (
  select to_regnamespace(quote_ident($2))::oid as schema
), moved as (
  select m.kind, m.class, m.object, (pg_identify_object(m.class, m.object, 0)).name as name, (pg_identify_object(m.class, m.object, 0)).identity as identity
  from crossfade.moved m where m.migration = $3 and m.kind <> 'foreign key' and m.kind not like 'owner %'
), wish as (
  select shadow.schema, c.relname as name, kind.name || ' ' || c.oid::regclass || ', back,' as by, kind.name = 'table' as brings_type
  from shadow cross join piece join pg_class c on c.oid = piece.relation join kind on kind.relkind = c.relkind::text
  union all
  select c.relnamespace, r.name::name, kind.name || ' ' || c.oid::regclass, kind.name = 'table'
  from crossfade.retired_by_now($3) r join pg_class c on c.oid = r.relation join kind on kind.relkind = c.relkind::text
  union all
  select shadow.schema, m.name::name, m.kind || ' ' || m.identity || ', back,', false from shadow cross join moved m where m.class = 'pg_class'::regclass
), holder as (
  select c.oid::regclass::text as name, kind.name as kind, wish.by
  from wish join pg_class c on c.relnamespace = wish.schema and c.relname = wish.name join kind on kind.relkind = c.relkind::text
  where c.oid not in (select relation from piece) and c.oid not in (select relation from crossfade.retired_by_now($3))
    and c.oid not in (select object from moved where class = 'pg_class'::regclass)
  union all
  select t.oid::regtype::text, 'type', wish.by
  from wish join pg_type t on t.typnamespace = wish.schema and t.typname = wish.name and wish.brings_type and t.typrelid = 0
  where not exists (select from pg_type element where element.typarray = t.oid) and t.oid not in (select object from moved where class = 'pg_type'::regclass)
  union all
  select t.oid::regtype::text, case t.typtype when 'd' then 'domain' else 'type' end, m.kind || ' ' || m.identity || ', back,'
  from moved m cross join shadow join pg_type t on t.typnamespace = shadow.schema and t.typname = m.name
  where m.class = 'pg_type'::regclass and not exists (select from pg_type element where element.typarray = t.oid)
  union all
  select (pg_identify_object('pg_collation'::regclass, o.oid, 0)).identity, m.kind, m.kind || ' ' || m.identity || ', back,'
  from moved m cross join shadow join pg_collation o on o.collnamespace = shadow.schema and o.collname = m.name where m.class = 'pg_collation'::regclass
  union all
  select (pg_identify_object('pg_ts_config'::regclass, o.oid, 0)).identity, m.kind, m.kind || ' ' || m.identity || ', back,'
  from moved m cross join shadow join pg_ts_config o on o.cfgnamespace = shadow.schema and o.cfgname = m.name where m.class = 'pg_ts_config'::regclass
  union all
  select (pg_identify_object('pg_ts_dict'::regclass, o.oid, 0)).identity, m.kind, m.kind || ' ' || m.identity || ', back,'
  from moved m cross join shadow join pg_ts_dict o on o.dictnamespace = shadow.schema and o.dictname = m.name where m.class = 'pg_ts_dict'::regclass
  union all
  select (pg_identify_object('pg_statistic_ext'::regclass, o.oid, 0)).identity, m.kind, m.kind || ' ' || m.identity || ', back,'
  from moved m cross join shadow join pg_statistic_ext o on o.stxnamespace = shadow.schema and o.stxname = m.name where m.class = 'pg_statistic_ext'::regclass
)
select name, kind, min(by) as by from holder group by name, kind order by 1
