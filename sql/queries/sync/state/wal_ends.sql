-- Up to where there is a log, with what was committed just now, and how much of it is on disk.
select pg_current_wal_insert_lsn() as written, pg_current_wal_flush_lsn() as flushed
