-- What crossfade itself knows of a flip of the writes, in the transaction that holds the locks: who owns the data, the new
-- direction's stream from this position on, nothing to be refreshed, everybody's route, who did it, and word to those who
-- listen. The new epoch refuses an engine of the old direction.
with turned as (
  update crossfade.migration set direction = $2, turned_at = clock_timestamp() where name = $1
), lease as (
  update crossfade.lease set epoch = epoch + 1 where migration = $1
), checkpoint as (
  update crossfade.checkpoint
  set system_identifier = $3, timeline = $4::int, slot = $5, slot_created_lsn = $6::pg_lsn,
      settled_lsn = pg_current_wal_insert_lsn(), consistent_lsn = pg_current_wal_insert_lsn()
  where migration = $1
), dirty as (
  delete from crossfade.dirty where migration = $1
), waived as (
  delete from crossfade.quarantine where migration = $1
  returning jsonb_build_object('target', target, 'key', key, 'sqlstate', sqlstate, 'constraint', constraint_name, 'message', message, 'accepted_by', accepted_by) as waiver
), watched as (
  -- Under the names that the tables have from now on.
  update crossfade.watched set name = relation::regclass::text where migration = $1 and direction = $2
), chunk as (
  delete from crossfade.chunk where migration = $1
), deferred as (
  -- What is to come with v2 has come, or was left out just now.
  delete from crossfade.deferred where migration = $1 and (stage < 3 or $2 = 'reverse')
), account as (
  delete from crossfade.account where migration = $1
), other_targets as (
  delete from crossfade.backfill where migration = $1 and target <> all ($7::text[])
), targets as (
  insert into crossfade.backfill (migration, target, bulk, finished_at)
  select $1, target, false, clock_timestamp() from unnest($7::text[]) target
  on conflict (migration, target) do update set bulk = false, finished_at = excluded.finished_at
), reads as (
  update crossfade.reads set percent = case $2 when 'reverse' then 100 else 0 end, changed_at = clock_timestamp() where migration = $1
), written as (
  insert into crossfade.audit (migration, who, action, detail)
  select $1, coalesce(nullif($10, ''), session_user), $8,
         jsonb_build_object('flip', $9::text, 'role', session_user, 'writes', case $2 when 'reverse' then 'v2' else 'v1' end,
                            'inventory', (select coalesce(jsonb_agg(jsonb_build_object('object', object, 'way', way, 'handling', handling, 'flip', flip, 'rollback', rollback)), '[]')
                                          from unnest($11::text[], $12::text[], $13::text[], $14::text[], $15::text[]) as i (object, way, handling, flip, rollback)),
                            'waived', (select coalesce(jsonb_agg(waiver), '[]') from waived),
                            'account', (select coalesce(jsonb_agg(to_jsonb(a) - 'migration' order by a.source), '[]')
                                        from crossfade.account a where a.migration = $1))
)
select pg_notify('crossfade', json_build_object('migration', $1::text, 'event', 'writes', 'side', case $2 when 'reverse' then 'v2' else 'v1' end)::text)
