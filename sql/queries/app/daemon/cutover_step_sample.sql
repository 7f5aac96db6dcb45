-- Steps of flips after line $2; with the last one of a flip that was done, how long applications waited in its attempt.
select f.id, f.step, f.milliseconds / 1000 as seconds,
       case when f.step = 'commit' and f.outcome = 'done' then
         (select coalesce(sum(h.milliseconds), 0) / 1000 from crossfade.cutover_step h
          where h.migration = f.migration and h.flip = f.flip and h.attempt = f.attempt and h.held) end as held_seconds
from crossfade.cutover_step f
where f.migration = $1 and f.id > $2::bigint
order by f.id
