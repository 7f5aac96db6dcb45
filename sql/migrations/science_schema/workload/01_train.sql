-- A session and its sets, of what the workout lists and of something else.
with workout as (
  select w.id, w.user_id from public.workouts w where w.id >= gen_random_uuid() order by w.id limit 1 for key share
), session as (
  insert into public.workout_sessions (user_id, workout_id, started_at, completed_at)
  select w.user_id, w.id, at, case when random() < 0.8 then at + random() * interval '100 minutes' end
  from workout w, (select timestamp '2024-06-01' + (random() * 200)::int * interval '1 day' + random() * interval '20 hours' as at) t
  returning id, started_at
)
insert into public.exercise_sets (session_id, exercise_id, set_number, weight, reps, rpe, created_at)
select s.id, x.id, n, 20 + 2.5 * (random() * 60)::int, (random() * 12)::int, 6 + (random() * 4)::int, s.started_at + n * interval '3 minutes'
from session s, (select c.id from public.exercise_catalog c order by random() limit 3) x, generate_series(1, 3) n;
