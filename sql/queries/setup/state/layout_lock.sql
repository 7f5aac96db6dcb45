-- One upgrade at a time, to the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('crossfade layout', 0))
