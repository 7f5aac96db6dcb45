-- Returns since when. Where some of it was written on the way ($7) the pauses begin anew.
insert into crossfade.parked (migration, target, sqlstate, constraint_name, message, samples)
values ($1, $2, $3, nullif($4, ''), $5, $6::text[])
on conflict (migration, target) do update
set sqlstate = excluded.sqlstate, constraint_name = excluded.constraint_name, message = excluded.message,
    samples = case when cardinality(excluded.samples) > 0 then excluded.samples else parked.samples end,
    attempts = case when $7::boolean then 1 else parked.attempts + 1 end,
    next_at = now() + case when $7::boolean then interval '10 seconds'
                      else least(interval '10 seconds' * 2 ^ least(parked.attempts, 10), interval '10 minutes') end
returning extract(epoch from since)
