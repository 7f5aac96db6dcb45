-- What our role lacks of what a preparation needs: $1 and $2 schemas and names of the tables of v1, $3 schemas that have to be there.
select current_user as role, current_database() as database,
       r.rolsuper or r.rolreplication or exists (
         select from pg_roles g where g.rolname = 'rds_replication' and pg_has_role(g.oid, 'MEMBER')) as may_replicate,
       has_database_privilege(current_database(), 'CREATE') or not exists (select from unnest($3::text[]) s where to_regnamespace(quote_ident(s)) is null) as may_create,
       coalesce((select string_agg(distinct quote_ident(n.nspname), ', ') from unnest($1::text[]) s join pg_namespace n on n.nspname = s
                 where not has_schema_privilege(n.oid, 'USAGE')), '') as schemas,
       coalesce((select string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by n.nspname, c.relname)
                 from unnest($1::text[], $2::text[]) t(schema, name) join pg_namespace n on n.nspname = t.schema
                 join pg_class c on c.relnamespace = n.oid and c.relname = t.name
                 where not has_table_privilege(c.oid, 'SELECT')), '') as tables
from pg_roles r where r.rolname = current_user
