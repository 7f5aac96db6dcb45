select target, locator, key from crossfade.quarantine
where migration = $1 and target = any($2::text[])
limit 100000
