select pg_export_snapshot(), now(), pg_current_wal_insert_lsn(), current_setting('server_version')
