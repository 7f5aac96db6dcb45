-- A slot of that name in another database is somebody else's, and as good as none.
select database, plugin, active, coalesce(active_pid, 0) as active_pid, restart_lsn, confirmed_flush_lsn, coalesce(wal_status, 'lost') as wal_status,
       safe_wal_size, greatest(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::bigint as retained_bytes,
       -- A column since 17.
       coalesce((to_jsonb(s) ->> 'synced')::boolean, false) as synced
from pg_replication_slots s
where slot_name = $1 and database = current_database()
