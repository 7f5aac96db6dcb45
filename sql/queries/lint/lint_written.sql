-- Of each of tables $1, in their order: how many rows this transaction has written, whether or not it took that back, and what else
-- tells of writing: a truncate gives a table another file. A server that does not count says that it may have been any.
select coalesce(sum(pg_stat_get_xact_tuples_inserted(parts.oid) + pg_stat_get_xact_tuples_updated(parts.oid)
                    + pg_stat_get_xact_tuples_deleted(parts.oid)), 0)::bigint as rows,
       case when current_setting('track_counts')::boolean then string_agg(pg_relation_filenode(parts.oid)::text, ' ' order by parts.oid)
            else clock_timestamp()::text end as otherwise
from unnest($1::oid[]) with ordinality tables (oid, place)
cross join lateral (select tables.oid union select relid from pg_partition_tree(tables.oid)) parts (oid)
group by tables.place
order by tables.place
