delete from public.workout_exercises
where id = (select x.id from public.workout_exercises x where x.id >= gen_random_uuid() order by x.id limit 1);
