-- What table $1 has and a draft does not take over, as statements for the table of the same name in schema $2: whoever owns the
-- new schema decides. Triggers are told as they are.
select text from (
  select 1 as place, a.grantee::text as name,
         format('grant %s on %I.%I to %s;', string_agg(lower(a.privilege_type), ', ' order by a.privilege_type), $2::text, c.relname,
                case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end) as text
  from pg_class c cross join aclexplode(c.relacl) a
  where c.oid = $1::oid and a.grantee <> c.relowner
  group by a.grantee, c.relname
  union all
  select 2, '', format('alter table %I.%I enable row level security;', $2::text, c.relname) from pg_class c where c.oid = $1::oid and c.relrowsecurity
  union all
  select 3, p.polname,
         format('create policy %I on %I.%I as %s for %s to %s%s%s;', p.polname, $2::text, c.relname,
                case when p.polpermissive then 'permissive' else 'restrictive' end,
                case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
                (select string_agg(case r when 0 then 'public' else quote_ident(pg_get_userbyid(r)) end, ', ') from unnest(p.polroles) r),
                ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
  from pg_policy p join pg_class c on c.oid = p.polrelid
  where p.polrelid = $1::oid
  union all
  select 4, t.tgname, pg_get_triggerdef(t.oid) || ';' from pg_trigger t where t.tgrelid = $1::oid and not t.tgisinternal and t.tgparentid = 0
) found
order by place, name
