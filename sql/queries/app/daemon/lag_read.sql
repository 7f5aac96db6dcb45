-- Of the last hour, in its order.
select extract(epoch from at) as sampled_at, lag_seconds, phase from crossfade.lag_history where migration = $1 and at > now() - interval '1 hour' order by at
