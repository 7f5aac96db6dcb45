-- From here to the end of the transaction nobody else changes what this server says of the writes.
select turn from crossfade.other_server where migration = $1 for update
