select from crossfade.lease where migration = $1 and epoch = $2::bigint for share
