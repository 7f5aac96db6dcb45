-- What this server of two says of the writes of migration $1.
select turn, goes_to, owned, barrier, place from crossfade.other_server where migration = $1
