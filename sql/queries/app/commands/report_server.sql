-- What of the server's settings matters to us, without those that can carry a secret.
select name, setting, coalesce(unit, '') as unit from pg_settings
where name in ('server_version', 'wal_level', 'max_replication_slots', 'max_wal_senders', 'max_slot_wal_keep_size', 'wal_sender_timeout',
               'synchronous_commit', 'synchronous_standby_names', 'max_connections', 'shared_buffers', 'maintenance_work_mem', 'max_wal_size')
order by name
