delete from crossfade.dirty where id = any($1::bigint[])
