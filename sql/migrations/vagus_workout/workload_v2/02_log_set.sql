-- One more set of a session.
insert into public.exercise_logs (session_id, exercise_id, set_number, reps, weight)
select s.id, (select x.id from public.exercises x where x.id >= (select gen_random_uuid()) order by x.id limit 1), 9, 8, 60
from public.workout_sessions s where s.id >= (select gen_random_uuid()) order by s.id limit 1;
