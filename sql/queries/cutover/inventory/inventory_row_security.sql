-- Row security of v1's tables that v2's do not have: v2 more open than v1; or that v2's have without a policy: nobody sees a row.
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
