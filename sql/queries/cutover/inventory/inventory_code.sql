-- Whose code runs with the daemon's rights once v1's tables follow: what is attached to them is evaluated by whoever writes them. $1 as
-- for foreign keys. Functions of superusers and of the daemon's role are trusted; triggers that rest run nothing.
with daemon as (
  select r.oid, r.rolname from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = 'crossfade'
), owned as (
  select distinct to_regclass(owner)::oid as relation from jsonb_to_recordset($1::jsonb) as l (owner text) where owner is not null
), whole as (
  select relation, relation as root from owned
  union
  select p.relid, o.relation from owned o cross join pg_partition_tree(o.relation) p
), attached as (
  select w.root as relation, t.tgfoid as function, format('trigger %I, enable always', t.tgname) as by
  from whole w join pg_trigger t on t.tgrelid = w.relation where not t.tgisinternal and t.tgenabled = 'A'
  union
  select w.root, d.refobjid, format('constraint %I', k.conname)
  from whole w join pg_constraint k on k.conrelid = w.relation
  join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = k.oid and d.refclassid = 'pg_proc'::regclass
  union
  select w.root, d.refobjid, format('domain %s', k.contypid::regtype)
  from whole w join pg_attribute a on a.attrelid = w.relation and a.attnum > 0 and not a.attisdropped join pg_constraint k on k.contypid = a.atttypid
  join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = k.oid and d.refclassid = 'pg_proc'::regclass
  union
  select w.root, d.refobjid, format('index %s', i.indexrelid::regclass)
  from whole w join pg_index i on i.indrelid = w.relation
  join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refclassid = 'pg_proc'::regclass
  union
  select w.root, d.refobjid, format('rule %I', r.rulename)
  from whole w join pg_rewrite r on r.ev_class = w.relation
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_proc'::regclass
  union
  select w.root, d.refobjid, format('default of %I', a.attname)
  from whole w join pg_attrdef f on f.adrelid = w.relation join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
  join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_proc'::regclass
), foreign_code as (
  select a.relation, a.function, p.proowner, string_agg(distinct a.by, ', ') as by
  from attached a join pg_proc p on p.oid = a.function join pg_roles r on r.oid = p.proowner
  where not r.rolsuper and r.oid <> (select oid from daemon)
  group by a.relation, a.function, p.proowner
)
select format('code %s on %s', c.function::regprocedure, c.relation::regclass) as object, format('is called by %s, and is %s''s to change', c.by, pg_get_userbyid(c.proowner)) as way,
       'block' as handling, format('runs with the rights of the daemon while v1 follows, whatever %s makes of it', pg_get_userbyid(c.proowner)) as flip,
       'runs for applications alone again' as rollback,
       format('alter function %s owner to %I', c.function::regprocedure, (select rolname from daemon)) as fix, '' as sql, '' as locked, '' as referred
from foreign_code c
order by 1
