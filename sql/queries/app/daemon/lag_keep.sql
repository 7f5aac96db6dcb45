-- Lags of migration $1 as the daemon has sampled them: when, seconds or null, and the phase. What is older than two hours goes.
with gone as (
  delete from crossfade.lag_history where migration = $1 and at < now() - interval '2 hours'
)
insert into crossfade.lag_history (migration, at, lag_seconds, phase)
select $1, to_timestamp(s.at), s.lag, s.phase
from unnest($2::double precision[], $3::double precision[], $4::text[]) s (at, lag, phase)
where exists (select from crossfade.migration where name = $1)
on conflict do nothing
