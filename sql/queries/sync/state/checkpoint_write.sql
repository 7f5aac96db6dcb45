-- The lease is looked at in the transaction that writes: a leader that was paused and comes back is refused. That is an error (22P02), so
-- that a commit which was sent along is not done. That v2 can be read as of a position is said only while the stream tells all that happened
-- before it: `told`. Where v1 is on another server, $9 is what the stream tells there, and $10 its clock in seconds.
with moved as (
  update crossfade.checkpoint c
  set settled_lsn = greatest(c.settled_lsn, $2::pg_lsn),
      consistent_lsn = case when p.told then greatest(c.consistent_lsn, coalesce($3, c.consistent_lsn)) else c.consistent_lsn end,
      readable_lsn = case when p.told then greatest(c.readable_lsn, $7::pg_lsn) else c.readable_lsn end,
      readable_but = case when p.told and $7::pg_lsn is not null then $8::text[] else c.readable_but end,
      beat_sent_at = case when p.told then coalesce(to_timestamp($5), c.beat_sent_at) else c.beat_sent_at end,
      beat_applied_at = case when p.told and $5 is not null then coalesce(to_timestamp($10::double precision), clock_timestamp()) else c.beat_applied_at end
  from (select from crossfade.lease where migration = $1 and epoch = $4::bigint for share) held
  cross join (select $3::pg_lsn is null and $7::pg_lsn is null and $5::double precision is null or coalesce($9::text, crossfade.stream_tells($1)) is not distinct from $6 as told) p
  where c.migration = $1
  returning extract(epoch from coalesce(to_timestamp($10::double precision), clock_timestamp())) as clock, p.told
)
select coalesce((select clock::text from moved), 'another daemon leads')::numeric as clock, (select told from moved) as told
