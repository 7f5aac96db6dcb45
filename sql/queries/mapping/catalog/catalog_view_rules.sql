-- The rules of view $1 and of the views that it reads.
with recursive reached as (
  select $1::oid as relation
  union
  select d.refobjid
  from reached r
  join pg_rewrite v on v.ev_class = r.relation and v.rulename = '_RETURN'
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = v.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.relation
)
select r.ev_class, r.ev_action::text
from reached join pg_rewrite r on r.ev_class = reached.relation and r.rulename = '_RETURN'
