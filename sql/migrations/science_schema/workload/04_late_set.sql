-- Entered days later, for a session that may have been the first.
insert into public.exercise_sets (session_id, exercise_id, set_number, weight, reps)
select s.id, x.id, 9, 20 + 2.5 * (random() * 80)::int, 1 + (random() * 10)::int
from (select t.id from public.workout_sessions t where t.id >= gen_random_uuid() order by t.id limit 1 for key share) s,
     (select c.id from public.exercise_catalog c order by random() limit 1) x;
