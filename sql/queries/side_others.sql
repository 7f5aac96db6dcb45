-- What else stands in a schema and says what its tables are: kind, what, definition.
with relation as (
  select c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.relpartbound
  from pg_class c where c.relnamespace = to_regnamespace(quote_ident($1))
)
select 'enum' as kind, y.oid::regtype::text as what, array_agg(e.enumlabel order by e.enumsortorder)::text as definition
from pg_type y join pg_enum e on e.enumtypid = y.oid where y.typnamespace = to_regnamespace(quote_ident($1)) group by y.oid
union all
select 'other', 'domain ' || y.oid::regtype,
       concat_ws(' ', format_type(y.typbasetype, y.typtypmod), y.typnotnull,
                 (select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname) from pg_constraint k where k.contypid = y.oid))
from pg_type y where y.typnamespace = to_regnamespace(quote_ident($1)) and y.typtype = 'd'
union all
select 'other', 'function ' || p.oid::regprocedure, pg_get_functiondef(p.oid)
from pg_proc p where p.pronamespace = to_regnamespace(quote_ident($1)) and p.prokind in ('f', 'p')
union all
select 'other', 'view ' || r.oid::regclass, pg_get_viewdef(r.oid) from relation r where r.relkind in ('v', 'm')
union all
select 'other', format('trigger %s on %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid)
from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal and t.tgname <> 'crossfade_fence'
union all
select 'other', 'partitioning of ' || r.oid::regclass, pg_get_partkeydef(r.oid) from relation r where r.relkind = 'p'
union all
select 'other', format('partition %s of %s', i.inhrelid::regclass, i.inhparent::regclass), pg_get_expr(r.relpartbound, r.oid)
from relation r join pg_inherits i on i.inhrelid = r.oid
union all
select 'other', format('policy %s on %s', p.polname, p.polrelid::regclass),
       concat_ws(' ', p.polcmd, p.polpermissive, array(select q::regrole::text from unnest(p.polroles) q where q <> 0 order by 1)::text,
                 pg_get_expr(p.polqual, p.polrelid), '/', pg_get_expr(p.polwithcheck, p.polrelid))
from pg_policy p join relation r on r.oid = p.polrelid
union all
select 'other', 'row-level security of ' || r.oid::regclass, concat_ws(' ', r.relrowsecurity, r.relforcerowsecurity)
from relation r where r.relkind in ('r', 'p') and (r.relrowsecurity or r.relforcerowsecurity)
union all
select 'grant', format('grant %s on table %s to %s', a.privilege_type, r.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end), ''
from relation r cross join lateral aclexplode(r.relacl) a
where r.relkind in ('r', 'p') and a.grantee <> r.relowner
