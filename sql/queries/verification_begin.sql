select clock_timestamp(), pg_current_wal_insert_lsn()
