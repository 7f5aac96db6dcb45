-- The snapshot is taken before the statement runs, so the flush position is one that the snapshot does not lag behind.
select pg_current_snapshot()::text as snapshot, pg_current_wal_flush_lsn()::text as flushed
