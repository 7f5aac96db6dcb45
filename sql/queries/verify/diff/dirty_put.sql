insert into crossfade.dirty (migration, target, locator, key)
select $1, k.target, k.locator, k.key::text[]
from unnest($2::text[], $3::text[], $4::text[]) k(target, locator, key)
