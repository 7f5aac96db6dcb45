-- What stands in the shadow schema ($1) beside its tables: it goes along to the schema ($2) that the tables go to, where no other thing
-- has its name. Whatever refers to it does so by identity. $3: the migration; $4: its tables; $5: as $1 for foreign keys. A sequence belongs to
-- whom the tables belong to then that draw from it, or all of them where none does.
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
), feeding as (
  select distinct to_regclass(l.follower)::oid as follower, o.relowner, coalesce(l.same, false) as same
  from jsonb_to_recordset($5::jsonb) as l (owner text, follower text, same boolean) join pg_class o on o.oid = to_regclass(l.owner)
  where l.follower is not null
), owned as (
  select f.follower, min(f.relowner::int8)::oid as wanted, count(distinct f.relowner) = 1 as one
  from feeding f where f.same or not exists (select from feeding s where s.follower = f.follower and s.same)
  group by f.follower
), drawing as (
  select distinct w.follower, d.refobjid as sequence
  from owned w join pg_attrdef a on a.adrelid = any (crossfade.all_parts(w.follower::regclass))
  join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = a.oid and d.refclassid = 'pg_class'::regclass
), heir as (
  select p.oid, min(w.wanted::int8)::oid as wanted, (select rolsuper from pg_roles where rolname = current_user)
           or bool_and(pg_has_role(w.wanted, 'USAGE') and has_schema_privilege(w.wanted, (select schema from place), 'CREATE')) as may
  from piece p join owned w on not exists (select from drawing d where d.sequence = p.oid) or w.follower in (select d.follower from drawing d where d.sequence = p.oid)
  join pg_class c on c.oid = p.oid
  where p.kind = 'sequence' and not p.taken
  group by p.oid, c.relowner
  having bool_and(w.one) and count(distinct w.wanted) = 1 and min(w.wanted::int8)::oid <> c.relowner
)
select format('%s %I.%I', p.kind, $1, p.name) as object, 'stands in the shadow schema' as way, case when p.taken then 'said' else 'carry' end as handling,
       case when p.taken then format('stays in schema %I, as %I has another of that name; complete leaves it', $1, $2)
            else format('goes to schema %I', $2) || case when h.may then ' and belongs to ' || pg_get_userbyid(h.wanted) when not h.may then ', and does not belong to ' || pg_get_userbyid(h.wanted) else '' end end as flip,
       case when p.taken then 'stays' else format('goes back to schema %I', $1) end as rollback,
       case when p.taken then format('name the schema in search_path: %I', $1)
            when not h.may then format('grant %I to %I; grant create on schema %I to %1$I', pg_get_userbyid(h.wanted), current_user, $2) else '' end as fix,
       case when p.taken then '' else format('select crossfade.move_along(%L, %L, %s, %s, %L)', $3::text, p.kind, p.class::oid, p.oid, $2)
                                      || case when h.may then format(E';\nalter sequence %I.%I owner to %I', $2, p.name, pg_get_userbyid(h.wanted)) else '' end end as sql,
       '' as locked, '' as referred
from piece p left join heir h on h.oid = p.oid
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
       'stands in the shadow schema and is no target', 'said', format('stays in schema %I; complete leaves it', $1), 'stays',
       -- The live table would refer to it there for good.
       case when exists (select from pg_constraint k join pg_class t on t.oid = k.conrelid
                         where k.confrelid = c.oid and k.contype = 'f' and t.relnamespace = shadow.schema and t.relname = any ($4::text[]))
            then format('alter table %s set schema %I; once the writes have moved; or write a view of its name, which makes it a target', c.oid::regclass, $2) else '' end, '', '', ''
from pg_class c join shadow on shadow.schema = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and c.relname <> all ($4::text[])
order by 1
