select id, target, locator, key, xid from crossfade.dirty
where migration = $1 and target <> all ($3::text[]) order by id limit $2::bigint
