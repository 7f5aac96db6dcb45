-- A session on another day, of another workout.
update public.workout_sessions
set started_at = timestamp '2024-06-01 06:00' + (random() * 200)::int * interval '1 day',
    workout_id = (select w.id from public.workouts w order by random() limit 1)
where id = (select s.id from public.workout_sessions s where s.id >= gen_random_uuid() order by s.id limit 1);
