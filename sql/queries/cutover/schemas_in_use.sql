-- Of schemas $1 those that something outside of them still uses, and what: a column, a default, a constraint, an index, a trigger, a view.
with inside as (
  select n.oid as schema from unnest($1::text[]) name join pg_namespace n on n.nspname = name
), thing as (
  select d.refobjid as schema, d.classid, d.objid from pg_depend d join inside i on i.schema = d.refobjid
  where d.refclassid = 'pg_namespace'::regclass
  union
  select c.relnamespace, 'pg_type'::regclass, t.oid from pg_class c join inside i on i.schema = c.relnamespace join pg_type t on t.oid = c.reltype
), whole as (
  select schema, classid, objid from thing
  union
  select thing.schema, thing.classid, t.typarray from thing join pg_type t on thing.classid = 'pg_type'::regclass and t.oid = thing.objid
), user_of as (
  select w.schema, d.classid, d.objid, d.objsubid,
         case d.classid
           when 'pg_class'::regclass then (select relnamespace from pg_class where oid = d.objid)
           when 'pg_attrdef'::regclass then (select c.relnamespace from pg_attrdef a join pg_class c on c.oid = a.adrelid where a.oid = d.objid)
           when 'pg_rewrite'::regclass then (select c.relnamespace from pg_rewrite r join pg_class c on c.oid = r.ev_class where r.oid = d.objid)
           when 'pg_constraint'::regclass then (select connamespace from pg_constraint where oid = d.objid)
           when 'pg_trigger'::regclass then (select c.relnamespace from pg_trigger t join pg_class c on c.oid = t.tgrelid where t.oid = d.objid)
           when 'pg_policy'::regclass then (select c.relnamespace from pg_policy p join pg_class c on c.oid = p.polrelid where p.oid = d.objid)
           when 'pg_proc'::regclass then (select pronamespace from pg_proc where oid = d.objid)
           when 'pg_type'::regclass then (select typnamespace from pg_type where oid = d.objid)
         end as place
  from whole w join pg_depend d on d.refclassid = w.classid and d.refobjid = w.objid and d.deptype in ('n', 'a')
)
select n.nspname as schema, min(pg_describe_object(u.classid, u.objid, u.objsubid)) as used_by
from user_of u join pg_namespace n on n.oid = u.schema
where u.place is not null and u.place not in (select schema from inside)
  and u.place not in (select oid from pg_namespace where nspname in ('pg_toast', 'pg_catalog'))
group by n.nspname
