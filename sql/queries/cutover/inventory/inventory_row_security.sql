-- Row security of v1's tables that v2's do not have: v2 more open than v1; or that v2's have without a policy: nobody sees a row, or with
-- none for a role that v1 lets pass.
-- $1 as for foreign keys. Policies can be carried to the table of the same name, where it has none of its own, and every column that
-- they speak of.
with link as (
  select distinct to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, after, same
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, after text, same boolean)
  where owner is not null and follower is not null
), policy as (
  select l.owner, l.follower,
         format('create policy %I on %s as %s for %s to %s%s%s', p.polname, l.after, case when p.polpermissive then 'permissive' else 'restrictive' end,
                case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
                (select string_agg(case role when 0 then 'public' else quote_ident(pg_get_userbyid(role)) end, ', ') from unnest(p.polroles) role),
                coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''), coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')) as sql
  from link l join pg_policy p on p.polrelid = l.owner
  where l.same
    and not exists (
      select from pg_depend d join pg_attribute s on s.attrelid = l.owner and s.attnum = d.refobjsubid
      where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_class'::regclass and d.refobjid = l.owner and d.refobjsubid > 0
        and not exists (select from pg_attribute v where v.attrelid = l.follower and v.attname = s.attname))
), compared as (
  select l.owner, l.follower, l.after, l.same, v.relrowsecurity as closed, o.relforcerowsecurity as forced, v.relforcerowsecurity as from_owner,
         (select count(*) from pg_policy p where p.polrelid = l.owner) as policies, (select count(*) from pg_policy p where p.polrelid = l.follower) as own,
         (select count(*) from policy p where p.follower = l.follower) as portable
  from link l join pg_class o on o.oid = l.owner join pg_class v on v.oid = l.follower
  where o.relrowsecurity
    and (l.same or (not v.relrowsecurity or not exists (select from pg_policy p where p.polrelid = l.follower))
                   and not exists (select from link s join pg_class n on n.oid = s.owner where s.follower = l.follower and s.same and n.relrowsecurity))
), carried as (
  select c.*, case when c.own > 0 or not c.same or c.portable < c.policies then ''
                   else concat_ws(E';\n', case when not c.closed then format('alter table %s enable row level security', c.after) end,
                                  case when not c.closed and c.forced then format('alter table %s force row level security', c.after) end,
                                  (select string_agg(p.sql, E';\n') from policy p where p.follower = c.follower)) end as sql
  from compared c
), told as (
  select follower, closed, bool_or(from_owner) as from_owner, max(own) as own, string_agg(owner::regclass::text, ', ') as owners, sum(policies) as policies,
         max(sql) as sql, closed and max(own) = 0 and sum(policies) > 0 as shut
  from carried
  group by follower, closed
), closes as (
  -- v2 closes what v1 leaves open, or opens by policies that v2 has its own instead of.
  select l.follower, bool_or(l.same) as same, v.relforcerowsecurity as from_owner, string_agg(distinct l.owner::regclass::text, ', ') as owners
  from link l join pg_class o on o.oid = l.owner join pg_class v on v.oid = l.follower
  where v.relrowsecurity and (l.same or not exists (select from link s where s.follower = l.follower and s.same))
    and not exists (select from told t where t.follower = l.follower and t.shut)
    and (not o.relrowsecurity or exists (select from pg_policy p where p.polrelid = o.oid) and exists (select from pg_policy p where p.polrelid = v.oid))
  group by l.follower, v.relforcerowsecurity
), command (name, letter) as (values ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')
), passing as (
  -- Who sees and writes rows of v1's. Of a table that has no namesake reading alone can be told.
  select distinct c.follower, a.grantee, d.name, d.letter
  from closes c join link l on l.follower = c.follower and (l.same or not c.same) join pg_class o on o.oid = l.owner join pg_class v on v.oid = l.follower
  cross join lateral aclexplode(coalesce(o.relacl, acldefault('r', o.relowner))) a
  join command d on d.name = a.privilege_type
  where (l.same or d.name = 'SELECT')
    and not exists (select from pg_roles r where r.oid = a.grantee and (r.rolsuper or r.rolbypassrls))
    and (v.relforcerowsecurity or a.grantee not in (o.relowner, v.relowner))
    and (not o.relrowsecurity or a.grantee = o.relowner and not o.relforcerowsecurity
         or exists (select from pg_policy p where p.polrelid = o.oid and p.polpermissive and p.polcmd in ('*', d.letter)
                      and (0 = any (p.polroles) or a.grantee <> 0 and exists (select from unnest(p.polroles) r where pg_has_role(a.grantee, r, 'USAGE')))))
), shut_out as (
  select p.follower, p.grantee, lower(string_agg(p.name, ', ' order by p.name)) as what
  from passing p
  where exists (select from pg_policy q where q.polrelid = p.follower)
    and not exists (select from pg_policy q where q.polrelid = p.follower and q.polpermissive and q.polcmd in ('*', p.letter)
                      and (0 = any (q.polroles) or p.grantee <> 0 and exists (select from unnest(q.polroles) r where pg_has_role(p.grantee, r, 'USAGE'))))
  group by p.follower, p.grantee
)
select * from (
select format('row security of %s', follower::regclass) as object, format('%s has it, with %s policies', owners, policies) as way,
       case when closed and not shut then 'said' else 'block' end as handling,
       case when shut then 'has no policy: nobody' || case when from_owner then '' else ' but its owner' end || ' would see or write a row'
            when closed then format('has its own, with %s policies', own)
            else 'would be open to whoever may read or write the table' end as flip,
       'v1 has its own again' as rollback,
       case when closed and not shut then ''
            else case when shut then format('create the policies of %s in v2.sql', follower::regclass)
                      else format('alter table %s enable row level security, with its policies in v2.sql', follower::regclass) end
                 || case when sql = '' then '' else format('; or let it have those of v1: cutover: {inventory: {"row security of %s": carry}}', follower::regclass) end end as fix,
       sql, '' as locked, '' as referred
from told
union all
select format('row security of %s', c.follower::regclass), format('%s is open', c.owners), 'block',
       'has no policy: nobody' || case when c.from_owner then '' else ' but its owner' end || ' would see or write a row', 'v1 is open again',
       format('create the policies of %s in v2.sql; or alter table %s disable row level security', c.follower::regclass, c.follower::regclass), '', '', ''
from closes c
where not exists (select from pg_policy p where p.polrelid = c.follower)
union all
select format('row security of %s', s.follower::regclass), format('%s may %s on v1', role.name, s.what), 'block', format('has no policy for %s to %s', role.name, s.what), 'v1 is as it was',
       format('create policy ... on %s to %s using (...)', s.follower::regclass, role.name), '', '', ''
from shut_out s cross join lateral (select case s.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(s.grantee)) end as name) role
union all
select format('row security of %s', l.follower::regclass), format('%s has it for its owner too', l.owner::regclass), 'block', 'does not hold for the table''s owner', 'v1 has its own again',
       format('alter table %s force row level security', l.follower::regclass), format('alter table %s force row level security', l.after), '', ''
from link l join pg_class o on o.oid = l.owner join pg_class v on v.oid = l.follower
where l.same and o.relrowsecurity and o.relforcerowsecurity and v.relrowsecurity and not v.relforcerowsecurity
union all
-- A policy that lets everything pass, where none of v1's does, and no other one closes what it opens.
select distinct format('row security of %s', l.follower::regclass), format('its policy %I lets every row pass', p.polname), 'block', 'is open, which v1 is not', 'v1 has its own again',
       format('drop policy %I on %s, or write in v2.sql whom it is for', p.polname, l.follower::regclass), '', '', ''
from link l join pg_class o on o.oid = l.owner join pg_class v on v.oid = l.follower
join pg_policy p on p.polrelid = v.oid and p.polpermissive
where o.relrowsecurity and v.relrowsecurity
  and (l.same or not exists (select from link s where s.follower = l.follower and s.same))
  and coalesce(pg_get_expr(case p.polcmd when 'a' then p.polwithcheck else p.polqual end, p.polrelid), '') = 'true'
  and not exists (select from pg_policy q where q.polrelid = v.oid and not q.polpermissive and q.polcmd in ('*', p.polcmd))
  and not exists (select from pg_policy q where q.polrelid = o.oid and q.polpermissive and q.polcmd in ('*', p.polcmd) and (q.polroles @> p.polroles or 0 = any (q.polroles))
                    and coalesce(pg_get_expr(case when p.polcmd = 'a' and q.polwithcheck is not null then q.polwithcheck else q.polqual end, q.polrelid), '') = 'true')
) each
order by 1, 2
