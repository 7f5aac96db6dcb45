-- The share itself, who did it, and word to those who listen; all in the caller's transaction.
with flipped as (
  update crossfade.reads set percent = $2::numeric, changed_at = now() where migration = $1 returning percent
), written as (
  insert into crossfade.audit (migration, who, action, detail)
  select $1, coalesce(nullif($5, ''), session_user), $3, jsonb_build_object('percent', percent, 'flip', $4::text, 'role', session_user)
  from flipped
)
select pg_notify('crossfade', json_build_object('migration', $1::text, 'event', 'reads', 'percent', percent)::text) from flipped
