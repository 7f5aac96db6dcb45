-- Of roles $1 those that can write none of tables $2 of schema $3 on this server, and what lets them.
select w.role, case when r.oid is null then 'is not there' else 'may write none of v2''s tables there' end as lacks,
       concat_ws('; ', case when r.oid is null then format('create role %I', w.role) end,
                 format('grant usage on schema %I to %I', $3::text, w.role), format('grant select, insert, update, delete on all tables in schema %I to %I', $3::text, w.role)) as fix
from unnest($1::text[]) w (role) left join pg_roles r on r.rolname = w.role
where r.oid is null
   or not has_schema_privilege(r.oid, to_regnamespace(quote_ident($3)), 'USAGE')
   or not exists (select from unnest($2::text[]) name where has_table_privilege(r.oid, to_regclass(name), 'INSERT, UPDATE, DELETE'))
order by 1
