select database, plugin, active, coalesce(active_pid, 0), restart_lsn, confirmed_flush_lsn, coalesce(wal_status, 'lost'),
       safe_wal_size, greatest(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::bigint
from pg_replication_slots
where slot_name = $1
