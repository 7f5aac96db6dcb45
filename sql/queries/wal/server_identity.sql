-- The timeline stands in the name of the WAL file that is being written. pg_control_checkpoint() would tell the old one
-- between a promotion and the next checkpoint.
select system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int as timeline
from pg_control_system()
