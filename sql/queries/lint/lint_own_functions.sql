-- Whether view $1, itself or through the views between, calls a function that somebody wrote in a language that can read tables: what it
-- is declared as says what it should be, and lint asks what is. Ours read nothing.
with recursive reached as (
  select $1::oid as relation
  union
  select d.refobjid
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
)
select exists (
  select
  from reached
  join pg_rewrite r on r.ev_class = reached.relation and r.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_proc'::regclass
  join pg_proc p on p.oid = d.refobjid
  join pg_language l on l.oid = p.prolang
  where l.lanname not in ('c', 'internal') and p.pronamespace not in (coalesce(to_regnamespace('crossfade')::oid, 0::oid), 'pg_catalog'::regnamespace::oid)
)
