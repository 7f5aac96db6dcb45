-- How many rows of tables $1 this transaction has written, whether or not it took that back.
select coalesce(sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid)), 0)::bigint
from (select unnest($1::oid[]) union select p.relid from unnest($1::oid[]) t, pg_partition_tree(t) p) tables (oid)
