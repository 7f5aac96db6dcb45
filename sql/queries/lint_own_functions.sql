-- Whether view $1, itself or through the views between, calls a function that somebody wrote in a language that can read tables: what it
-- is declared as says what it should be, and lint asks what is. Ours read nothing.
with recursive edge as (
  select r.ev_class as reader, d.refobjid as relation
  from pg_rewrite r
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
  where r.rulename = '_RETURN'
), reached as (
  select $1::oid as relation
  union
  select edge.relation from reached join edge on edge.reader = reached.relation
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
