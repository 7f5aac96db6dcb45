-- It was another exercise.
update public.exercise_sets set exercise_id = (select c.id from public.exercise_catalog c order by random() limit 1)
where id = (select e.id from public.exercise_sets e where e.id >= gen_random_uuid() order by e.id limit 1);
