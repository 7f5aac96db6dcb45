select id, target, locator, key, xid from crossfade.dirty
where migration = $1 order by id limit $2::bigint
