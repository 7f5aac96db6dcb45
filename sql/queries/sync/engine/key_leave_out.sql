select crossfade.leave_key_out($1, $2, $3::oid)
