-- What is schema crossfade, or is in it, and belongs neither to us, nor to a role that we are a member of, nor to a superuser:
-- whoever owns it could have us run what they like. That a superuser counts as a member of every role says nothing.
with us as (
  select oid, rolsuper from pg_roles where rolname = current_user
), trusted as (
  select r.oid from pg_roles r, us where r.rolsuper or r.oid = us.oid or not us.rolsuper and pg_has_role(us.oid, r.oid, 'MEMBER')
), thing as (
  select 'schema crossfade' as what, nspowner as owner from pg_namespace where nspname = 'crossfade'
  union all
  select format('%s %s', case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, c.oid::regclass), c.relowner
  from pg_class c where c.relnamespace = to_regnamespace('crossfade') and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  union all
  select format('function %s', p.oid::regprocedure), p.proowner from pg_proc p where p.pronamespace = to_regnamespace('crossfade')
)
select what, pg_get_userbyid(owner) as owner from thing where owner not in (select oid from trusted) order by what limit 1
