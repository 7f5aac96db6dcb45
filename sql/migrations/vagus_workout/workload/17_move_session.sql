-- A session recorded under the wrong plan, with its logs.
with plan as (
  select p.id from public.workout_plans p where p.id >= (select gen_random_uuid()) order by p.id limit 1 for key share
)
update public.workout_sessions s set plan_id = p.id
from plan p
where s.id = (select x.id from public.workout_sessions x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
