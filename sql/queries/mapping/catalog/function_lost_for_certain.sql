-- Refused where function $1, in SQL, does not find what its body names by the search_path of now; nothing where it finds it, or where
-- neither view $2 nor what table $3 computes and checks by calls it itself: a function between may have a search_path for it.
select pg_catalog.set_config('check_function_bodies', 'on', true), pg_catalog.fmgr_sql_validator(p.oid)
from pg_proc p join pg_language l on l.oid = p.prolang and l.lanname = 'sql'
where p.oid = $1::regprocedure and exists (
  select from pg_depend d
  where d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
    and (d.classid = 'pg_rewrite'::regclass and d.objid in (select oid from pg_rewrite where ev_class = $2::oid)
         or d.classid = 'pg_attrdef'::regclass and d.objid in (select oid from pg_attrdef where adrelid = $3::oid)
         or d.classid = 'pg_constraint'::regclass and d.objid in (select oid from pg_constraint where conrelid = $3::oid)))
