with completed as (
  update crossfade.migration
  set phase = 'completed', phase_since = clock_timestamp(), made_schemas = array(select s from unnest(made_schemas) s where to_regnamespace(quote_ident(s)) is not null)
  where name = $1
)
insert into crossfade.audit (migration, who, action, detail)
values ($1, coalesce(nullif($2, ''), session_user), 'complete', jsonb_build_object('dropped', $3::text[], 'role', session_user))
