-- What was given or closed on v2's tables, and is not on v1's, which have the names again after a rollback. $1 as for foreign keys, its owners v2's. Nothing
-- of it is done by itself: v1's rows are others. What was withheld from v1's tables while they follow was theirs all along, and so is what their owner has.
with link as (
  select to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, same
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, same boolean) where owner is not null
), told as (
  -- The namesake alone where there is one.
  select l.* from link l where l.same or not exists (select from link s where s.owner = l.owner and s.same)
), had as (
  select f.follower, a.grantee, a.privilege_type, ''::name as attname
  from (select distinct follower from told where follower is not null) f join pg_class c on c.oid = f.follower cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
  union
  select f.follower, a.grantee, a.privilege_type, t.attname
  from (select distinct follower from told where follower is not null) f join pg_attribute t on t.attrelid = f.follower and t.attnum > 0 and not t.attisdropped cross join lateral aclexplode(t.attacl) a
), given as (
  select t.owner, a.grantee, a.privilege_type, ''::name as attname
  from (select distinct owner from told) t join pg_class c on c.oid = t.owner cross join lateral aclexplode(c.relacl) a where a.grantee <> c.relowner
  union
  select t.owner, a.grantee, a.privilege_type, n.attname
  from (select distinct owner from told) t join pg_class c on c.oid = t.owner join pg_attribute n on n.attrelid = c.oid and n.attnum > 0 and not n.attisdropped
  cross join lateral aclexplode(n.attacl) a where a.grantee <> c.relowner
), meanwhile as (
  select g.owner, g.grantee, string_agg(distinct lower(g.privilege_type) || coalesce(' (' || nullif(quote_ident(g.attname), '""') || ')', ''), ', ') as what
  from given g
  where g.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
    and g.grantee <> (select nspowner from pg_namespace where nspname = 'crossfade')
    and not exists (select from told t join had h on h.follower = t.follower
                    where t.owner = g.owner and h.grantee in (g.grantee, 0) and h.privilege_type = g.privilege_type and h.attname in ('', g.attname))
    and not exists (select from told t join crossfade.moved m on m.object = t.follower and m.class = 'pg_class'::regclass and m.kind like 'owner %'
                    where t.owner = g.owner and m.kind = 'owner ' || quote_ident(pg_get_userbyid(g.grantee)))
  group by g.owner, g.grantee
), place as (
  select t.owner, string_agg(distinct t.follower::regclass::text, ', ') as followers, bool_or(t.same) as same from told t where t.follower is not null group by t.owner
)
select format('grant to %s on %s', role.name, m.owner::regclass) as object, format('may %s there', m.what) as way, 'said' as handling, 'stays with v2''s table' as flip,
       case when p.same then format('is not given on %s, which has the name again; if it is to be: grant %s on %s to %s', p.followers, m.what, m.owner::regclass, role.name)
            when p.owner is null then 'stays with v2''s table'
            else format('is not given on %s', p.followers) end as rollback,
       '' as fix, '' as sql, '' as locked, '' as referred
from meanwhile m left join place p on p.owner = m.owner
cross join lateral (select case m.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(m.grantee)) end as name) role
union all
select format('row security of %s', t.owner::regclass), format('v2 has it, with %s', coalesce(nullif('policies ' || (select string_agg(quote_ident(p.polname), ', ' order by p.polname) from pg_policy p where p.polrelid = t.owner), ''), 'no policy')),
       'said', 'stays with v2''s table', format('%s has none, and is open', t.follower::regclass), '', '', '', ''
from told t join pg_class v on v.oid = t.owner join pg_class o on o.oid = t.follower
where v.relrowsecurity and not o.relrowsecurity
union all
select format('policy %I on %s', p.polname, t.owner::regclass), 'v2 has it', 'said', 'stays with v2''s table', format('%s has none of that name', t.follower::regclass), '', '', '', ''
from told t join pg_class v on v.oid = t.owner join pg_class o on o.oid = t.follower join pg_policy p on p.polrelid = t.owner
where t.same and v.relrowsecurity and o.relrowsecurity and not exists (select from pg_policy q where q.polrelid = t.follower and q.polname = p.polname)
order by 1, 2
