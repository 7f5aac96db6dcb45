-- A plan with its exercises, in one transaction. Every third says no days.
with writer as (
  select u.id from auth.users u where u.id >= ('00000000-0000-4000-8000-' || lpad(to_hex((random() * 100)::int), 12, '0'))::uuid
  order by u.id limit 1
), plan as (
  insert into public.workout_plans (user_id, name, goal, start_date, duration_weeks)
  select w.id, 'Fresh Start', case when random() < 0.7 then 'strength' end,
         case when random() < 0.8 then date '2025-09-01' + (random() * 60)::int end, (array[null, 1, 2, 4, 6])[1 + (random() * 4)::int]
  from writer w
  returning id, (random() * 2)::int as manner
)
insert into public.exercises (plan_id, name, muscle_group, day_of_week, day_label, reps_min, reps_max, weight, order_index)
select p.id, 'Exercise ' || n, (array['chest', 'back', 'quads', 'core', null])[1 + n % 5],
       case when p.manner = 0 then 1 + n % 3 * 2 end, case when p.manner = 1 then (array['A', 'B'])[1 + n % 2] end,
       8, 12, 20 + n * 2.5, n
from plan p, generate_series(1, 6) n;
