-- What brings back the rights that a schema and what stands in it have given, once that is made anew. What is not made anew has none.
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
