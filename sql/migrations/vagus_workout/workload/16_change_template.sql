update public.workout_templates t set description = 'Revised', updated_at = now()
where t.id = (select x.id from public.workout_templates x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
