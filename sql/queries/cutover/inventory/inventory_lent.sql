-- Tables of the side that is to follow whose owner could attach code to them, which would run with the rights of the daemon that writes
-- them. $1 as for foreign keys: `owner` follows once the direction has turned. $2: the migration; $3: they are v1's, and are given back.
-- The daemon's role is the one that has schema crossfade.
with daemon as (
  select r.oid, r.rolname, r.rolsuper from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = 'crossfade'
), owned as (
  select distinct to_regclass(owner)::oid as relation from jsonb_to_recordset($1::jsonb) as l (owner text) where owner is not null
), lent as (
  select c.oid, r.rolname as owner, d.rolname as daemon, n.nspname,
         (select u.rolsuper from pg_roles u where u.rolname = current_user)
           or pg_has_role(r.oid, 'USAGE') and pg_has_role(d.oid, 'USAGE') and has_schema_privilege(d.oid, n.oid, 'CREATE') as may
  from owned o join pg_class c on c.oid = o.relation join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner cross join daemon d
  where not r.rolsuper and r.oid <> d.oid
)
select format('rights on %s', l.oid::regclass) as object, format('belongs to %s, who could have the daemon run what is attached to it', l.owner) as way,
       case when l.may then 'carry' when $3 then 'block' else 'said' end as handling,
       case when l.may then format('belongs to %s for as long as it follows; %s may read it', l.daemon, l.owner) else format('is written by the daemon, with whose rights runs what %s attaches to it', l.owner) end as flip,
       case when l.may then format('belongs to %s again', l.owner) else 'is written by applications alone again' end as rollback,
       case when l.may then '' else format('grant create on schema %I to %I; grant %I, %I to %I', l.nspname, l.daemon, l.owner, l.daemon, current_user) end as fix,
       case when l.may then format('select crossfade.lend_table(%L, %s, %L)', $2::text, l.oid, $3::boolean) else '' end as sql, '' as locked, '' as referred
from lent l
order by 1
