-- What brings back the rights that a schema and what stands in it have given, once that is made anew; $2: and what else somebody put on its views, which
-- no file of the folder says: triggers, rules, defaults, comments. What is not made anew has none.
select format('grant %s on schema %I to %s', a.privilege_type, n.nspname, case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
from pg_namespace n cross join lateral aclexplode(n.nspacl) a
where n.nspname = $1 and a.grantee <> n.nspowner
union all
select format('do $crossfade$ begin if to_regclass(%L) is not null then grant %s on %s to %s; end if; end $crossfade$', c.oid::regclass, a.privilege_type, c.oid::regclass,
              case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
from pg_class c cross join lateral aclexplode(c.relacl) a
where c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind in ('v', 'r', 'p', 'm') and a.grantee <> c.relowner
union all
select format('do $crossfade$ begin if exists (select from pg_attribute where attrelid = to_regclass(%L) and attname = %L) then grant %s (%I) on %s to %s; end if; end $crossfade$',
              c.oid::regclass, t.attname, a.privilege_type, t.attname, c.oid::regclass, case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
from pg_class c join pg_attribute t on t.attrelid = c.oid and not t.attisdropped cross join lateral aclexplode(t.attacl) a
where c.relnamespace = to_regnamespace(quote_ident($1)) and a.grantee <> c.relowner
union all
select format('do $crossfade$ begin if to_regclass(%L) is not null and not exists (select from pg_trigger where tgrelid = to_regclass(%L) and tgname = %L) then %s; end if; end $crossfade$',
              c.oid::regclass, c.oid::regclass, t.tgname, pg_get_triggerdef(t.oid))
from pg_class c join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
where $2::boolean and c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind = 'v'
union all
select format('do $crossfade$ begin if to_regclass(%L) is not null and not exists (select from pg_rewrite where ev_class = to_regclass(%L) and rulename = %L) then %s; end if; end $crossfade$',
              c.oid::regclass, c.oid::regclass, r.rulename, rtrim(pg_get_ruledef(r.oid), ';'))
from pg_class c join pg_rewrite r on r.ev_class = c.oid and r.rulename <> '_RETURN'
where $2::boolean and c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind = 'v'
union all
select format('do $crossfade$ begin if exists (select from pg_attribute where attrelid = to_regclass(%L) and attname = %L) then alter view %s alter column %I set default %s; end if; end $crossfade$',
              c.oid::regclass, t.attname, c.oid::regclass, t.attname, pg_get_expr(d.adbin, d.adrelid))
from pg_class c join pg_attrdef d on d.adrelid = c.oid join pg_attribute t on t.attrelid = c.oid and t.attnum = d.adnum
where $2::boolean and c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind = 'v'
union all
select format('do $crossfade$ begin if %s then comment on %s is %L; end if; end $crossfade$',
              case when t.attname is null then format('to_regclass(%L) is not null', c.oid::regclass)
                   else format('exists (select from pg_attribute where attrelid = to_regclass(%L) and attname = %L)', c.oid::regclass, t.attname) end,
              case when t.attname is null then format('view %s', c.oid::regclass) else format('column %s.%I', c.oid::regclass, t.attname) end, d.description)
from pg_class c join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
left join pg_attribute t on t.attrelid = c.oid and t.attnum = d.objsubid and d.objsubid > 0
where $2::boolean and c.relnamespace = to_regnamespace(quote_ident($1)) and c.relkind = 'v'
