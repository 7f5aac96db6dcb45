-- Who may change rows of tables $1 by what was granted to him, or owns one; but for us and for superusers, who may everywhere.
select distinct r.rolname as role
from unnest($1::text[]) name join pg_class c on c.oid = to_regclass(name)
cross join lateral (
  select c.relowner as role
  union select a.grantee from aclexplode(c.relacl) a where a.privilege_type in ('INSERT', 'UPDATE', 'DELETE')
) may
join pg_roles r on r.oid = may.role
where not r.rolsuper and r.rolname <> current_user
order by 1
