select crossfade.say($1, format('beat %s %s %s', $2::text, $3::text, extract(epoch from clock_timestamp())))
