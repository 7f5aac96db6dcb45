-- Relations named by the arrays $1 (schemas) and $2 (names), where there are such.
select n.nspname, c.relname, c.oid, c.relkind, c.relpersistence,
       pg_has_role(c.relowner, 'USAGE') as owned,
       has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as readable,
       c.relkind in ('r', 'p') and row_security_active(c.oid) as rows_hidden,
       c.relkind = 'r' and exists (select from pg_inherits i where i.inhparent = c.oid) as has_children,
       (select array_agg(a.attname::text order by k.place)
        from pg_index x
        cross join unnest((x.indkey::int2[])[0:x.indnkeyatts - 1]) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
        where x.indrelid = c.oid and x.indisprimary) as primary_key,
       pg_get_userbyid(c.relowner) as owner,
       exists (select from pg_index x where x.indrelid = c.oid and x.indisprimary and not x.indimmediate) as deferrable_key,
       (select quote_ident(k.conname) from pg_constraint k join pg_index x on x.indexrelid = k.conindid
        where k.conrelid = c.oid and k.contype = 'u' and k.condeferrable
          and (select array_agg(a order by a) from unnest((x.indkey::int2[])[0:x.indnkeyatts - 1]) a)
            = (select array_agg(a order by a) from pg_index p cross join lateral unnest((p.indkey::int2[])[0:p.indnkeyatts - 1]) a where p.indrelid = c.oid and p.indisprimary)
        order by 1 limit 1) as deferrable_twin,
       exists (select from pg_index x where x.indrelid = c.oid and x.indisprimary and x.indisexclusion) as overlapping_key,
       (select array_agg(l.oid::regclass::text order by l.oid::regclass::text) from pg_partition_tree(c.oid) t join pg_class l on l.oid = t.relid
        where c.relkind = 'p' and t.isleaf and l.relkind = 'f') as foreign_partitions,
       (select array_agg(l.oid::regclass::text order by l.oid::regclass::text) from pg_partition_tree(c.oid) t join pg_class l on l.oid = t.relid
        where c.relkind = 'p' and t.isleaf and l.relkind = 'r' and l.relpersistence <> 'p') as unlogged_partitions
from unnest($1::text[], $2::text[]) named(schema, name)
join pg_namespace n on n.nspname = named.schema
join pg_class c on c.relnamespace = n.oid and c.relname = named.name
