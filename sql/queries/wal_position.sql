select pg_current_wal_flush_lsn(), pg_current_wal_insert_lsn()
