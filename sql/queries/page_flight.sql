-- The last flip, step by step.
select step, attempt, milliseconds, outcome, holders
from crossfade.flight
where migration = $1 and flip = (select flip from crossfade.flight where migration = $1 order by id desc limit 1)
order by id limit 50
