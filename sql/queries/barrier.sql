select pg_logical_emit_message(true, 'crossfade', 'barrier ' || $1)
