update crossfade.quarantine set next_at = now() + interval '1 minute'
where migration = $1 and ($2::boolean or next_at <= now())
returning target, locator, key
