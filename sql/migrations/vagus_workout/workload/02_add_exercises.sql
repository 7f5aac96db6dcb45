-- Two more exercises for a plan.
with plan as (
  select p.id from public.workout_plans p where p.id >= (select gen_random_uuid()) order by p.id limit 1 for key share
)
insert into public.exercises (plan_id, name, muscle_group, day_label, reps_min, reps_max, weight, order_index)
select p.id, 'Finisher ' || n, (array['glutes', 'biceps'])[n], case when random() < 0.5 then 'Finisher' end, 12, 15, 10, 100 + n
from plan p, generate_series(1, 2) n;
