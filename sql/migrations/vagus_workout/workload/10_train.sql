-- A session and its sets, of a plan's own exercises.
with plan as (
  select p.id, p.user_id from public.workout_plans p
  where p.id >= (select gen_random_uuid()) order by p.id limit 1 for key share
), session as (
  insert into public.workout_sessions (user_id, plan_id, day_of_week, day_label, started_at)
  select p.user_id, p.id, case when random() < 0.4 then (random() * 6)::int end, (array['Push', 'Push Day', null])[1 + (random() * 2)::int],
         timestamptz '2025-09-01 18:00:00+00' + random() * interval '60 days'
  from plan p
  returning id, plan_id
)
insert into public.exercise_logs (session_id, exercise_id, set_number, reps, weight)
select s.id, e.id, n, 8 + n, e.weight
from session s
cross join lateral (select x.id, x.weight from public.exercises x where x.plan_id = s.plan_id limit 2 for key share) e
cross join generate_series(1, 2) n;
