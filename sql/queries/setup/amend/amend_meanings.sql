-- What the rows of each target are made by: its view, views and functions between, and of the tables the columns that are read. It is the
-- same as long as it means the same. What a body of a function may name counts as called by it.
with recursive reached as (
  select r.relname::text as target, r.oid as relation
  from pg_class r where r.relnamespace = to_regnamespace(quote_ident($1)) and r.relkind = 'v' and r.relname = any ($2::text[])
  union
  select r.target, d.refobjid
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
), uses as (
  select distinct r.target, d.refclassid as catalog, d.refobjid as object, d.refobjsubid as part
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid
), called as (
  select u.target, coalesce(o.oprcode::oid, u.object) as function
  from uses u left join pg_operator o on u.catalog = 'pg_operator'::regclass and o.oid = u.object
  where u.catalog in ('pg_proc'::regclass, 'pg_operator'::regclass)
  union
  select c.target, i.oid
  from called c
  join pg_proc p on p.oid = c.function
  join pg_language l on l.oid = p.prolang
  left join pg_aggregate g on g.aggfnoid = p.oid
  join pg_proc i on i.oid <> p.oid and i.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  where l.lanname not in ('internal', 'c') and strpos(lower(p.prosrc), lower(i.proname)) > 0
     or i.oid in (g.aggtransfn, g.aggfinalfn, g.aggcombinefn)
     or exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass and d.refobjid = i.oid)
), part as (
  select r.target, 'view ' || c.oid::regclass || ' ' || pg_get_viewdef(c.oid) as text
  from reached r join pg_class c on c.oid = r.relation and c.relkind = 'v'
  union
  select c.target, 'function ' || p.oid::regprocedure || ' ' || concat_ws(' ', p.prosrc, p.probin, p.prosqlbody, p.provolatile, p.proisstrict, p.proconfig)
  from called c join pg_proc p on p.oid = c.function
  union
  -- Another one may have the name by now.
  select u.target, format('column %s.%s %s %s %s', c.oid::regclass, a.attname, a.attnum, a.atttypid::regtype, pg_relation_filenode(c.oid))
  from uses u
  join pg_class c on u.catalog = 'pg_class'::regclass and c.oid = u.object and c.relkind <> 'v'
  join pg_attribute a on a.attrelid = c.oid and a.attnum = u.part and u.part > 0
)
select target, md5(string_agg(text, ' ' order by text)) as meaning from part group by target
