-- Another exercise in the list, or more sets of it: what was done for it becomes added, and the other way round.
update public.workout_exercises
set exercise_id = case when random() < 0.5 then (select c.id from public.exercise_catalog c order by random() limit 1) else exercise_id end,
    sets = (random() * 6)::int
where id = (select x.id from public.workout_exercises x where x.id >= gen_random_uuid() order by x.id limit 1);
