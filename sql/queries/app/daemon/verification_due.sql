-- Milliseconds until $2 of them have passed since all targets were last verified, or since v2 began to follow in this direction.
select (extract(epoch from greatest(m.phase_since, m.turned_at, max(v.ended_at)) + $2::bigint * interval '1 ms' - clock_timestamp()) * 1000)::bigint
from crossfade.migration m
left join crossfade.verification v on v.migration = m.name and v.whole
where m.name = $1 and m.phase = 'following'
group by m.name
