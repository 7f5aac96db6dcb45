-- Transactional, and committed by itself: it stands in the log behind every commit that came before it.
select crossfade.say($1, format('barrier %s', $2::text))
