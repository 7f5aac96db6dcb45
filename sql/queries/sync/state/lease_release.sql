delete from crossfade.leader where migration = $1 and epoch = $2::bigint
