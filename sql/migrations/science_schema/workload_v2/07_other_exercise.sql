-- Another one in its place, with all that was done of it.
update public.workout_block_exercises e
set exercise_id = coalesce((select c.id from public.exercise_catalog c where c.id >= (select gen_random_uuid()) order by c.id limit 1), e.exercise_id)
where e.id = (select x.id from public.workout_block_exercises x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
