copy crossfade.dirty (migration, target, locator, key, xid) from stdin
