-- A waiver by name: the flip of the writes goes ahead without what this key was to bring.
with accepted as (
  update crossfade.quarantine set accepted_by = coalesce(nullif($3, ''), session_user)
  where migration = $1 and (key = array[$2] or key::text = $2) and accepted_by is null
  returning target, key, message
)
insert into crossfade.audit (migration, who, action, detail)
select $1, coalesce(nullif($3, ''), session_user), 'quarantine accept',
       jsonb_build_object('target', target, 'key', key, 'message', message, 'role', session_user)
from accepted
