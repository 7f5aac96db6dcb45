select clock_timestamp() as started_at, pg_current_wal_insert_lsn() as lsn
