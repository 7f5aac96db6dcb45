-- Tables that functions $1 read: those of $3 in the schemas of $2 that there are, of each function as often as it names one; what the
-- server itself has noted of a body that it has read already; and for a view the tables behind it. Whether we may lock it.
with recursive named as (
  select k.name::regprocedure::oid as function, c.oid as relation
  from unnest($1::text[], $2::text[], $3::text[]) k (name, schema, relation)
  join pg_namespace n on n.nspname = k.schema
  join pg_class c on c.relnamespace = n.oid and c.relname = k.relation
  union
  select d.objid, d.refobjid
  from unnest($1::text[]) k (name)
  join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = k.name::regprocedure and d.refclassid = 'pg_class'::regclass
), reached as (
  select function, relation from named
  union
  select r.function, d.refobjid
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
)
select distinct r.function::regprocedure::text as function, n.nspname as schema, c.relname as name, c.relkind as kind,
  c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'select') as lockable
from reached r join pg_class c on c.oid = r.relation join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
order by 1, 2, 3
