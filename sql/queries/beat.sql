select pg_logical_emit_message(true, 'crossfade', format('beat %s %s %s', $1, $2, extract(epoch from clock_timestamp())))
