-- The engine of before is refused from here on, rows that may be others are compared from the beginning, source rows are to be counted
-- anew; and word to those who listen. $2: targets that were touched, $9: those of them that are filled, and not lazy.
with lease as (
  update crossfade.lease set epoch = epoch + 1 where migration = $1
), phase as (
  update crossfade.migration set phase = 'backfilling', phase_since = now() where name = $1 and phase = 'following'
    and (cardinality($9::text[]) > 0 or exists (select from crossfade.backfill b where b.migration = $1 and b.finished_at is null))
), account as (
  delete from crossfade.account where migration = $1
), chunk as (
  delete from crossfade.chunk where migration = $1 and target = any ($9::text[])
), filled as (
  -- What was not begun is still to be loaded in bulk.
  update crossfade.backfill b
  set bulk = b.bulk and b.finished_at is null and not exists (select from crossfade.chunk c where c.migration = $1 and c.target = b.target),
      started_at = now(), finished_at = null
  where b.migration = $1 and b.target = any ($9::text[])
), shape as (
  select crossfade.amend_shape($1, $3, $2::text[], $4::text[])
), written as (
  insert into crossfade.audit (migration, who, action, detail)
  select $1, coalesce(nullif($5, ''), session_user), $6, jsonb_build_object('edition', $7::int, 'role', session_user, 'changes', $8::text[], 'compared', $2::text[])
)
select pg_notify('crossfade', json_build_object('migration', $1::text, 'event', 'amend', 'edition', $7::int)::text) from shape
