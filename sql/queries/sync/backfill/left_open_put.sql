-- $3 of target $2 was refused again, by $4: it is tried again later each time, and soon where only a lock ($5) was in the way.
insert into crossfade.left_open as l (migration, target, name, because, next_at)
values ($1, $2, $3, $4, clock_timestamp() + case when $5::boolean then interval '5 seconds' else interval '30 seconds' end)
on conflict (migration, target, name) do update
set because = excluded.because, tries = l.tries + 1, tried_at = excluded.tried_at,
    next_at = case when $5::boolean then excluded.next_at else clock_timestamp() + least(interval '30 seconds' * 2 ^ least(l.tries, 7), interval '1 hour') end
