-- Every week's dates, and the week that each session belongs to.
update public.workout_plans p set start_date = case when random() < 0.9 then date '2025-08-01' + (random() * 90)::int end, updated_at = now()
where p.id = (select x.id from public.workout_plans x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
