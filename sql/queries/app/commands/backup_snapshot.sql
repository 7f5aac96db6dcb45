select pg_export_snapshot() as snapshot, now() as taken_at, pg_current_wal_insert_lsn() as lsn, current_setting('server_version') as server_version
