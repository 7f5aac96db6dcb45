-- Slot $1 goes on to the end of the log.
select pg_replication_slot_advance($1, pg_current_wal_flush_lsn())
