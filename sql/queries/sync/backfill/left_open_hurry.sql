-- Rows have been mended: what they kept out may be there now.
update crossfade.left_open set next_at = clock_timestamp(), tries = 1 where migration = $1
