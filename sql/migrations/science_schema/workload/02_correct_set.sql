-- A set is corrected, whenever it was.
update public.exercise_sets set weight = 20 + 2.5 * (random() * 70)::int, reps = (random() * 15)::int
where id = (select e.id from public.exercise_sets e where e.id >= gen_random_uuid() order by e.id limit 1);
