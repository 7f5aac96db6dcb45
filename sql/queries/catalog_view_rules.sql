-- The rules of view $1 and of the views that it reads.
with recursive edge as (
  select r.ev_class as reader, d.refobjid as relation
  from pg_rewrite r
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                  and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
  where r.rulename = '_RETURN'
), reached as (
  select $1::oid as relation
  union
  select edge.relation from reached join edge on edge.reader = reached.relation
)
select r.ev_class, r.ev_action::text
from reached join pg_rewrite r on r.ev_class = reached.relation and r.rulename = '_RETURN'
