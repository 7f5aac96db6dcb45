-- Of the tables $1 those that our role does not own, and the role.
select coalesce(string_agg(name, ', '), '') as tables, current_user as role
from unnest($1::text[]) name join pg_class c on c.oid = name::regclass
where not pg_has_role(c.relowner, 'USAGE')
