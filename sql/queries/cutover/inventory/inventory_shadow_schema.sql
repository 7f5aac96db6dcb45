-- What stands in the shadow schema ($1) beside its tables: it goes along to the schema ($2) that the tables go to, where no other thing
-- has its name. Whatever refers to it does so by identity. $3: the migration; $4: its tables.
with shadow as (
  select to_regnamespace(quote_ident($1))::oid as schema
), place as (
  select to_regnamespace(quote_ident($2))::oid as schema
), piece as (
  select case t.typtype when 'd' then 'domain' else 'type' end as kind, 'pg_type'::regclass as class, t.oid, t.typname as name,
         exists (select from pg_type o, place where o.typnamespace = place.schema and o.typname = t.typname) as taken
  from pg_type t join shadow on shadow.schema = t.typnamespace left join pg_class c on c.oid = t.typrelid
  -- The multirange of a range does not go with it.
  where t.typtype in ('d', 'e', 'r', 'm') or t.typtype = 'b' and t.typelem = 0 or c.relkind = 'c'
  union all
  select 'collation', 'pg_collation'::regclass, l.oid, l.collname, exists (select from pg_collation o, place where o.collnamespace = place.schema and o.collname = l.collname)
  from pg_collation l join shadow on shadow.schema = l.collnamespace
  union all
  select 'text search configuration', 'pg_ts_config'::regclass, g.oid, g.cfgname, exists (select from pg_ts_config o, place where o.cfgnamespace = place.schema and o.cfgname = g.cfgname)
  from pg_ts_config g join shadow on shadow.schema = g.cfgnamespace
  union all
  select 'text search dictionary', 'pg_ts_dict'::regclass, g.oid, g.dictname, exists (select from pg_ts_dict o, place where o.dictnamespace = place.schema and o.dictname = g.dictname)
  from pg_ts_dict g join shadow on shadow.schema = g.dictnamespace
  union all
  select 'statistics', 'pg_statistic_ext'::regclass, s.oid, s.stxname, exists (select from pg_statistic_ext o, place where o.stxnamespace = place.schema and o.stxname = s.stxname)
  from pg_statistic_ext s join shadow on shadow.schema = s.stxnamespace
  union all
  select 'sequence', 'pg_class'::regclass, c.oid, c.relname, exists (select from pg_class o, place where o.relnamespace = place.schema and o.relname = c.relname)
  from pg_class c join shadow on shadow.schema = c.relnamespace
  where c.relkind = 'S'
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and d.refobjsubid > 0)
)
select format('%s %I.%I', p.kind, $1, p.name) as object, 'stands in the shadow schema' as way, case when p.taken then 'said' else 'carry' end as handling,
       case when p.taken then format('stays in schema %I, as %I has another of that name; complete leaves it', $1, $2) else format('goes to schema %I', $2) end as flip,
       case when p.taken then 'stays' else format('goes back to schema %I', $1) end as rollback,
       case when p.taken then format('name the schema in search_path: %I', $1) else '' end as fix,
       case when p.taken then '' else format('select crossfade.move_along(%L, %L, %s, %s, %L)', $3::text, p.kind, p.class::oid, p.oid, $2) end as sql,
       '' as locked, '' as referred
from piece p
where not exists (select from pg_depend e where e.classid = p.class and e.objid = p.oid and e.deptype = 'e')
union all
select format('function %s', f.oid::regprocedure), 'stands in the shadow schema', 'said', format('stays in schema %I; complete leaves it', $1), 'stays', '', '', '', ''
from pg_proc f join shadow on shadow.schema = f.pronamespace
where not exists (select from pg_depend e where e.classid = 'pg_proc'::regclass and e.objid = f.oid and e.deptype = 'e')
union all
-- What one compares its types by is looked up in search_path.
select format('extension %I', e.extname), 'is installed in the shadow schema', 'block',
       format('stays in schema %I: whoever has that not in search_path finds none of its operators and functions', $1), 'stays',
       case when e.extrelocatable then format('alter extension %I set schema %I', e.extname, $2) else format('drop extension %1$I, and create extension %1$I schema %2$I', e.extname, $2) end, '', '', ''
from pg_extension e join shadow on shadow.schema = e.extnamespace
union all
select format('%s %s', case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, c.oid::regclass),
       'stands in the shadow schema and is no target', 'said', format('stays in schema %I; complete leaves it', $1), 'stays', '', '', '', ''
from pg_class c join shadow on shadow.schema = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and c.relname <> all ($4::text[])
order by 1
