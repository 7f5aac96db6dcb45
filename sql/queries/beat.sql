select pg_logical_emit_message(true, 'crossfade', format('beat %s %s %s', $1::text, $2::text, extract(epoch from clock_timestamp())))
