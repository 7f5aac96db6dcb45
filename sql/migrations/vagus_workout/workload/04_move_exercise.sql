-- An exercise moves to another plan: the days of both may change.
with plan as (
  select p.id from public.workout_plans p where p.id >= (select gen_random_uuid()) order by p.id limit 1 for key share
)
update public.exercises e set plan_id = p.id
from plan p
where e.id = (select x.id from public.exercises x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
