-- The lease is looked at in the transaction that writes: a leader that was paused and comes back is refused. That is an error (22P02), so
-- that a commit which was sent along is not done.
with moved as (
  update crossfade.checkpoint c
  set settled_lsn = greatest(c.settled_lsn, $2::pg_lsn), consistent_lsn = greatest(c.consistent_lsn, coalesce($3::pg_lsn, c.consistent_lsn)),
      beat_sent_at = coalesce(to_timestamp($5::double precision), c.beat_sent_at),
      beat_applied_at = case when $5 is null then c.beat_applied_at else clock_timestamp() end
  from (select from crossfade.lease where migration = $1 and epoch = $4::bigint for share) held
  where c.migration = $1
  returning extract(epoch from clock_timestamp()) as clock
)
select coalesce((select clock::text from moved), 'another daemon leads')::numeric as clock
