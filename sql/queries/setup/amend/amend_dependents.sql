-- What stands outside of the schemas and reads something in them: it would go with it.
with inside as (
  select 'pg_class'::regclass as class, c.oid as object from pg_class c where c.relnamespace in (select to_regnamespace(quote_ident(s)) from unnest($1::text[]) s)
  union all
  select 'pg_proc'::regclass, p.oid from pg_proc p where p.pronamespace in (select to_regnamespace(quote_ident(s)) from unnest($1::text[]) s)
  union all
  select 'pg_type'::regclass, y.oid from pg_type y where y.typnamespace in (select to_regnamespace(quote_ident(s)) from unnest($1::text[]) s)
), dependent as (
  select d.classid, d.objid, v.ev_class, coalesce(c.relnamespace, p.pronamespace, k.connamespace, t.relnamespace, b.relnamespace, 0) as schema
  from inside i
  join pg_depend d on d.refclassid = i.class and d.refobjid = i.object and d.deptype = 'n'
  left join pg_rewrite v on d.classid = 'pg_rewrite'::regclass and v.oid = d.objid
  left join pg_attrdef f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
  left join pg_class c on c.oid = coalesce(v.ev_class, case when d.classid = 'pg_class'::regclass then d.objid end)
  left join pg_class t on t.oid = f.adrelid
  left join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
  -- What has no schema of its own goes by its table; a cast, say, by none.
  left join pg_trigger g on d.classid = 'pg_trigger'::regclass and g.oid = d.objid
  left join pg_policy y on d.classid = 'pg_policy'::regclass and y.oid = d.objid
  left join pg_class b on b.oid = coalesce(g.tgrelid, y.polrelid)
  left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
)
select distinct case when ev_class is not null then 'view ' || ev_class::regclass else pg_describe_object(classid, objid, 0) end
from dependent
where schema not in (select to_regnamespace(quote_ident(s)) from unnest($1::text[]) s)
order by 1
