-- With its exercises, sessions and logs.
delete from public.workout_plans p
where p.id = (select x.id from public.workout_plans x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
