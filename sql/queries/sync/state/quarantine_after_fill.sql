-- Every target has been held against its view: what was refused meanwhile, mostly for a parent that was not there yet, is tried at once.
update crossfade.quarantine set next_at = now() where migration = $1
