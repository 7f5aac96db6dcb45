-- Transactional, and committed by itself: it stands in the log behind every commit that came before it.
select pg_logical_emit_message(true, 'crossfade', format('barrier %s', $1::text))
