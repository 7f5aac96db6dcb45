delete from crossfade.quarantine q
using unnest($2::text[], $3::text[], $4::text[]) k(target, locator, key)
where q.migration = $1 and q.target = k.target and q.locator = k.locator and crossfade.digest(q.key) = crossfade.digest(k.key::text[])
