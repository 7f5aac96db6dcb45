delete from public.exercise_sets
where id = (select e.id from public.exercise_sets e where e.id >= gen_random_uuid() order by e.id limit 1);
