-- Under the locks of v1's tables, in the order in which the engine takes them: the new epoch refuses a daemon that still works, which
-- looks up why, and ends.
with completed as (
  update crossfade.migration
  set phase = 'completed', phase_since = clock_timestamp(), made_schemas = array(select s from unnest(made_schemas) s where to_regnamespace(quote_ident(s)) is not null)
  where name = $1
), lease as (
  update crossfade.lease set epoch = epoch + 1 where migration = $1
), written as (
  insert into crossfade.audit (migration, who, action, detail)
  values ($1, coalesce(nullif($2, ''), session_user), 'complete', jsonb_build_object('dropped', $3::text[], 'role', session_user))
)
delete from crossfade.leader where migration = $1 returning holder
