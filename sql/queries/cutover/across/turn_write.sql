-- What this server says of the writes of migration $1 from now on, if it still says turn $2; and who had it say so ($7), doing what ($8), as
-- part of which flip ($9).
with turned as (
  update crossfade.other_server set turn = $3::bigint, goes_to = $4, owned = $5, barrier = $6::pg_lsn where migration = $1 and turn = $2::bigint returning turn
), written as (
  insert into crossfade.audit (migration, who, action, detail)
  select $1, coalesce(nullif($7, ''), session_user), $8, jsonb_build_object('part_of', $9::text, 'turn', turn, 'goes_to', $4::text, 'role', session_user) from turned
)
select turn from turned
