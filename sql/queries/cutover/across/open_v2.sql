-- What crossfade knows here once v2 is written on this server, in the transaction that has taken its fences off: turn $3, if it is still $2. Nothing
-- follows any more: the migration is completed, and an engine that still works is refused by its epoch.
with turned as (
  update crossfade.other_server set turn = $3::bigint, goes_to = 'v2', owned = 'v2', barrier = null where migration = $1 and turn = $2::bigint returning turn
), completed as (
  update crossfade.migration set direction = 'reverse', turned_at = clock_timestamp(), phase = 'completed', phase_since = clock_timestamp()
  where name = $1 and exists (select from turned)
), lease as (
  update crossfade.lease set epoch = epoch + 1 where migration = $1
), leader as (
  delete from crossfade.leader where migration = $1
), waived as (
  delete from crossfade.quarantine where migration = $1
  returning jsonb_build_object('target', target, 'key', key, 'sqlstate', sqlstate, 'constraint', constraint_name, 'message', message, 'accepted_by', accepted_by) as waiver
), reads as (
  update crossfade.reads set percent = 100, changed_at = clock_timestamp() where migration = $1
), written as (
  insert into crossfade.audit (migration, who, action, detail)
  select $1, coalesce(nullif($4, ''), session_user), 'cutover writes',
         jsonb_build_object('flip', $5::text, 'role', session_user, 'writes', 'v2', 'turn', turn, 'inventory', '[]'::jsonb,
                            'waived', (select coalesce(jsonb_agg(waiver), '[]') from waived),
                            'account', (select coalesce(jsonb_agg(to_jsonb(a) - 'migration' order by a.source), '[]') from crossfade.account a where a.migration = $1))
  from turned
)
select turn, pg_notify('crossfade', json_build_object('migration', $1::text, 'event', 'writes', 'side', 'v2')::text) from turned
