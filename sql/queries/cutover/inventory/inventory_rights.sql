-- Who owns and who may use v2's tables once they have the names of v1's. $1 as for foreign keys. A table of the same name takes over
-- its namesake's owner and privileges; any other those that a role has on all tables that feed it, so nothing is opened. Whoever
-- could write a table of v1 and can write nothing of what it becomes is named, and whoever could not and can by v2.sql.
with link as (
  select distinct to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, after, same
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, after text, same boolean)
  where owner is not null and follower is not null
), feeding as (
  -- The namesake alone where there is one.
  select l.* from link l where l.same or not exists (select from link s where s.follower = l.follower and s.same)
), holder as (
  select f.follower, f.after, min(o.relowner::int8)::oid as wanted, count(distinct o.relowner) = 1 as one
  from feeding f join pg_class o on o.oid = f.owner group by f.follower, f.after
), owned as (
  select h.*, c.relowner as present, s.nspname as shadow,
         (select rolsuper from pg_roles where rolname = current_user)
           or pg_has_role(h.wanted, 'USAGE') and has_schema_privilege(h.wanted, n.oid, 'CREATE') as may
  from holder h join pg_class c on c.oid = h.follower
  join pg_namespace s on s.oid = c.relnamespace
  join pg_namespace n on n.nspname = (parse_ident(h.after))[1]
), given as (
  select f.follower, f.after, a.grantee, a.privilege_type, bool_and(a.is_grantable) as grantable
  from feeding f join pg_class o on o.oid = f.owner cross join lateral aclexplode(coalesce(o.relacl, acldefault('r', o.relowner))) a
  group by f.follower, f.after, a.grantee, a.privilege_type
  having count(distinct f.owner) = (select count(distinct g.owner) from feeding g where g.follower = f.follower)
), lacking as (
  select g.*
  from given g join owned w on w.follower = g.follower join pg_class c on c.oid = g.follower
  where g.grantee <> case when w.one and w.may then w.wanted else w.present end
    -- What somebody has for being the owner is the new owner's then.
    and not exists (select from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) h
                    where h.grantee in (g.grantee, 0) and h.privilege_type = g.privilege_type
                      and not (h.grantee = w.present and w.one and w.may and w.wanted <> w.present))
), of_columns as (
  select f.follower, f.after, a.grantee, a.privilege_type, a.is_grantable as grantable, string_agg(quote_ident(v.attname), ', ' order by v.attnum) as columns
  from feeding f join pg_attribute s on s.attrelid = f.owner and s.attnum > 0 and not s.attisdropped
  cross join lateral aclexplode(s.attacl) a
  join pg_attribute v on v.attrelid = f.follower and v.attname = s.attname and not v.attisdropped
  join owned w on w.follower = f.follower
  where f.same and a.grantee <> case when w.one and w.may then w.wanted else w.present end
    and not exists (select from aclexplode(v.attacl) h where h.grantee in (a.grantee, 0) and h.privilege_type = a.privilege_type)
  group by f.follower, f.after, a.grantee, a.privilege_type, a.is_grantable
), inserting as (
  -- Who puts rows in, or in some columns alone, and the owner that the table is about to have.
  select g.follower, g.grantee from given g where g.privilege_type = 'INSERT'
  union
  select f.follower, a.grantee from feeding f join pg_attribute s on s.attrelid = f.owner and s.attnum > 0 and not s.attisdropped cross join lateral aclexplode(s.attacl) a
  where f.same and a.privilege_type = 'INSERT'
  union
  select w.follower, w.wanted from owned w where w.one and w.may and w.wanted <> w.present
), of_defaults as (
  -- A default draws with its writer's rights, and from a sequence that belongs to no column of the table nothing is given with the table.
  select distinct w.follower, w.after, i.grantee, s.seqrelid, c.relowner,
         (select rolsuper from pg_roles where rolname = current_user) or pg_has_role(c.relowner, 'USAGE') or has_sequence_privilege(s.seqrelid, 'USAGE WITH GRANT OPTION') as may
  from owned w
  join pg_attrdef f on f.adrelid = any (crossfade.all_parts(w.follower))
  join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass
  join pg_sequence s on s.seqrelid = d.refobjid
  join pg_class c on c.oid = s.seqrelid
  join inserting i on i.follower = w.follower and i.grantee <> c.relowner
  where not exists (select from pg_depend o where o.classid = 'pg_class'::regclass and o.objid = s.seqrelid and o.refclassid = 'pg_class'::regclass
                                              and o.refobjid = any (crossfade.all_parts(w.follower)) and o.deptype in ('a', 'i'))
    and not exists (select from aclexplode(coalesce(c.relacl, acldefault('s', c.relowner))) h where h.grantee in (i.grantee, 0) and h.privilege_type in ('USAGE', 'UPDATE'))
    and not coalesce((select rolsuper from pg_roles where oid = i.grantee), false)
), of_sequences as (
  -- A column that draws from a sequence of its own wants its writer to have that too.
  select f.follower, f.after, g.grantee, format('%I.%I', (parse_ident(f.after))[1], s.relname) as name, 'USAGE' as privilege_type
  from feeding f
  join inserting g on g.follower = f.follower
  join owned w on w.follower = f.follower
  join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = f.follower and d.classid = 'pg_class'::regclass and d.deptype = 'a'
  join pg_class s on s.oid = d.objid and s.relkind = 'S'
  where g.grantee <> case when w.one and w.may then w.wanted else w.present end
    and not exists (select from aclexplode(coalesce(s.relacl, acldefault('s', s.relowner))) h
                    where h.grantee in (g.grantee, 0) and h.privilege_type = 'USAGE')
  union
  -- And who has it by name, on the one that the namesake's column draws from, has it on the one that takes its place.
  select f.follower, f.after, a.grantee, format('%I.%I', (parse_ident(f.after))[1], s.relname), a.privilege_type
  from feeding f
  join owned w on w.follower = f.follower
  join pg_depend d1 on d1.refclassid = 'pg_class'::regclass and d1.refobjid = f.owner and d1.classid = 'pg_class'::regclass and d1.deptype in ('a', 'i') and d1.refobjsubid > 0
  join pg_class s1 on s1.oid = d1.objid and s1.relkind = 'S'
  join pg_attribute a1 on a1.attrelid = f.owner and a1.attnum = d1.refobjsubid
  join pg_attribute a2 on a2.attrelid = f.follower and a2.attname = a1.attname
  join pg_depend d2 on d2.refclassid = 'pg_class'::regclass and d2.refobjid = f.follower and d2.refobjsubid = a2.attnum and d2.classid = 'pg_class'::regclass and d2.deptype in ('a', 'i')
  join pg_class s on s.oid = d2.objid and s.relkind = 'S'
  cross join lateral aclexplode(s1.relacl) a
  where f.same and a.grantee <> case when w.one and w.may then w.wanted else w.present end
    and not exists (select from aclexplode(coalesce(s.relacl, acldefault('s', s.relowner))) h
                    where h.grantee in (a.grantee, 0) and h.privilege_type = a.privilege_type)
), of_leaves as (
  -- What somebody has on a partition by itself, on v2's that takes its name.
  select v.oid as follower, format('%I.%I', (parse_ident(f.after))[1], v.relname) as after, a.grantee, lower(a.privilege_type) as what, a.is_grantable as grantable
  from feeding f
  cross join lateral crossfade.with_partitions(f.owner::regclass) p (relation) join pg_class o on o.oid = p.relation
  cross join lateral crossfade.with_partitions(f.follower::regclass) q (relation) join pg_class v on v.oid = q.relation and v.relname = o.relname
  cross join lateral aclexplode(o.relacl) a
  where f.same and o.oid <> f.owner and v.oid <> f.follower and a.grantee not in (o.relowner, v.relowner)
    and not exists (select from aclexplode(coalesce(v.relacl, acldefault('r', v.relowner))) h where h.grantee in (a.grantee, 0) and h.privilege_type = a.privilege_type)
), of_lost_leaves as (
  -- And on one that no partition of v2 takes the name of; beyond what he has on the whole then.
  select o.oid as leaf, a.grantee, lower(string_agg(distinct a.privilege_type, ', ' order by a.privilege_type)) as what, string_agg(distinct f.after, ', ' order by f.after) as afters
  from feeding f
  cross join lateral crossfade.with_partitions(f.owner::regclass) p (relation) join pg_class o on o.oid = p.relation and o.oid <> f.owner
  cross join lateral aclexplode(o.relacl) a
  where a.grantee <> o.relowner
    and not exists (select from link l cross join lateral unnest(crossfade.all_parts(l.follower::regclass)) q (relation) join pg_class v on v.oid = q.relation
                    where l.owner = f.owner and v.oid <> l.follower and v.relname = o.relname)
    and not exists (select from given g where g.follower = f.follower and g.grantee in (a.grantee, 0) and g.privilege_type = a.privilege_type)
    and not exists (select from pg_class c cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) h
                    where c.oid = f.follower and h.grantee in (a.grantee, 0) and h.privilege_type = a.privilege_type)
  group by o.oid, a.grantee
), grants as (
  select follower, after, grantee, lower(string_agg(privilege_type, ', ' order by privilege_type)) as what,
         string_agg(format('grant %s on %s to %s%s', lower(privilege_type), after, role.name, case when grantable then ' with grant option' else '' end), E';\n') as sql
  from lacking cross join lateral (select case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as name) role
  group by follower, after, grantee
  union all
  select follower, after, grantee, lower(string_agg(privilege_type, ', ' order by privilege_type)) || ' of columns',
         string_agg(format('grant %s (%s) on %s to %s%s', lower(privilege_type), columns, after, role.name, case when grantable then ' with grant option' else '' end), E';\n')
  from of_columns cross join lateral (select case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as name) role
  group by follower, after, grantee
  union all
  select follower, after, grantee, string_agg(format('%s of %s', lower(privilege_type), of_sequences.name), ', ' order by of_sequences.name, privilege_type),
         string_agg(format('grant %s on sequence %s to %s', lower(privilege_type), of_sequences.name, role.name), E';\n')
  from of_sequences cross join lateral (select case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as name) role
  group by follower, after, grantee
  union all
  select follower, after, grantee, string_agg(format('usage of %s', seqrelid::regclass), ', ' order by seqrelid::regclass::text),
         string_agg(format('select crossfade.let_draw(%s, %L)', seqrelid, role.name), E';\n' order by seqrelid)
  from of_defaults cross join lateral (select case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as name) role
  where may
  group by follower, after, grantee
  union all
  select follower, after, grantee, string_agg(what, ', ' order by what),
         string_agg(format('grant %s on %s to %s%s', what, after, role.name, case when grantable then ' with grant option' else '' end), E';\n' order by what)
  from of_leaves cross join lateral (select case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as name) role
  group by follower, after, grantee
), writer as (
  -- Roles that write v1's table, or some of its columns alone, and v2's tables that are made of it.
  select owner, grantee, bool_or(whole) as whole
  from (select l.owner, a.grantee, true as whole
        from link l join pg_class o on o.oid = l.owner cross join lateral aclexplode(coalesce(o.relacl, acldefault('r', o.relowner))) a
        where a.privilege_type in ('INSERT', 'UPDATE', 'DELETE')
        union all
        select l.owner, a.grantee, false
        from link l join pg_attribute s on s.attrelid = l.owner and s.attnum > 0 and not s.attisdropped cross join lateral aclexplode(s.attacl) a
        where a.privilege_type in ('INSERT', 'UPDATE')) each
  group by owner, grantee
), shut_out as (
  select w.owner, w.grantee, w.whole, string_agg(distinct l.follower::regclass::text, ', ') as followers
  from writer w join link l on l.owner = w.owner join pg_class c on c.oid = l.follower join owned o on o.follower = l.follower
  group by w.owner, w.grantee, w.whole
  having not bool_or(w.grantee = case when o.one and o.may then o.wanted else o.present end
                     or exists (select from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) h
                                where h.grantee in (w.grantee, 0) and h.privilege_type in ('INSERT', 'UPDATE', 'DELETE'))
                     or exists (select from lacking k where k.follower = l.follower and k.grantee = w.grantee
                                                        and k.privilege_type in ('INSERT', 'UPDATE', 'DELETE'))
                     or exists (select from of_columns k where k.follower = l.follower and k.grantee = w.grantee and k.privilege_type in ('INSERT', 'UPDATE'))
                     or exists (select from pg_attribute v cross join lateral aclexplode(v.attacl) h
                                where v.attrelid = l.follower and v.attnum > 0 and not v.attisdropped and h.grantee in (w.grantee, 0) and h.privilege_type in ('INSERT', 'UPDATE')))
     and not coalesce((select rolsuper from pg_roles where oid = w.grantee), false)
), opened as (
  -- What v2.sql gives and v1 does not: to the same role, by whichever way it has it there, on each table that the rows come from.
  select v.follower, v.grantee, lower(string_agg(v.privilege_type, ', ' order by v.privilege_type)) as what,
         lower(string_agg(distinct v.privilege_type, ', ')) as given
  from (select distinct o.follower, a.grantee, a.privilege_type
        from owned o join pg_class c on c.oid = o.follower
        cross join lateral (select x.grantee, x.privilege_type from aclexplode(c.relacl) x
                            union select x.grantee, x.privilege_type from pg_attribute t cross join lateral aclexplode(t.attacl) x
                                  where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped) a
        where a.grantee <> c.relowner and a.grantee <> (select nspowner from pg_namespace where nspname = 'crossfade')
          and a.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
          and not coalesce((select rolsuper from pg_roles where oid = a.grantee), false)) v
  where exists (
    select from feeding f join pg_class s on s.oid = f.owner
    where f.follower = v.follower
      and not case when v.grantee = 0
                   then exists (select from aclexplode(s.relacl) x where x.grantee = 0 and x.privilege_type = v.privilege_type)
                        or exists (select from pg_attribute t cross join lateral aclexplode(t.attacl) x
                                   where t.attrelid = s.oid and t.attnum > 0 and x.grantee = 0 and x.privilege_type = v.privilege_type)
                   when v.privilege_type in ('DELETE', 'TRUNCATE') then has_table_privilege(v.grantee, s.oid, v.privilege_type)
                   else has_any_column_privilege(v.grantee, s.oid, v.privilege_type) end)
  group by v.follower, v.grantee
)
select * from (
select 'owner of ' || o.follower::regclass as object, 'v1''s belongs to ' || pg_get_userbyid(o.wanted) as way, case when o.may then 'carry' else 'said' end as handling,
       format('belongs to %s', pg_get_userbyid(case when o.may then o.wanted else o.present end)) as flip, 'stays' as rollback,
       case when o.may then '' else format('grant %I to %I', pg_get_userbyid(o.wanted), current_user) end as fix,
       case when o.may then format('select crossfade.hand_table_over(%L, %L, %L)', o.after, pg_get_userbyid(o.wanted), o.shadow) else '' end as sql, '' as locked, '' as referred
from owned o
where o.one and o.wanted <> o.present
union all
select format('grant to %s on %s', case grantee when 0 then 'public' else pg_get_userbyid(grantee) end, follower::regclass), 'has it on v1', 'carry',
       format('may %s', what), 'stays', '', sql, '', ''
from grants
union all
select format('grant to %s on %s', role.name, leaf::regclass), format('may %s on that partition alone', what), 'said',
       'stays with the old partition: v2 has none of that name', 'never left it', format('if it is to be: grant %s on %s to %s', what, afters, role.name), '', '', ''
from of_lost_leaves cross join lateral (select case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as name) role
union all
select format('grant to %s on %s', case grantee when 0 then 'public' else pg_get_userbyid(grantee) end, seqrelid::regclass), format('a default of %s draws from it', follower::regclass),
       'block', 'could not draw from it, and so insert nothing', 'writes v1 again',
       format('grant usage on sequence %s to %s', seqrelid::regclass, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end), '', '', ''
from of_defaults
where not may
union all
select format('grant to %s on what becomes of %s', case grantee when 0 then 'public' else pg_get_userbyid(grantee) end, s.owner::regclass), 'may write it',
       'block', 'could write none of ' || followers, 'writes v1 again',
       format('grant select, insert, update%s on %s to %s', case when whole then ', delete' else ' (...)' end, followers, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end), '', '', ''
from shut_out s
union all
select format('access of %s to %s', case grantee when 0 then 'public' else pg_get_userbyid(grantee) end, o.follower::regclass), 'v1 does not give it that', 'block',
       format('may %s, which it may not where the rows come from', what), 'stays',
       format('revoke %s on %s from %s', given, o.follower::regclass, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end), '', '', ''
from opened o
) each
-- Owners first: a grant to whoever has the table until then would go with it.
order by starts_with(object, 'owner of ') desc, 1
