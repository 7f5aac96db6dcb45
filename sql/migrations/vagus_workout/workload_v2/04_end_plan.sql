update public.workout_plans p set status = 'completed', updated_at = now()
where p.id = (select x.id from public.workout_plans x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
