update crossfade.deferred set built = true where migration = $1 and target = $2 and name = $3
