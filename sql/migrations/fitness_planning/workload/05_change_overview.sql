update public.fitness_plans p set overview = 'Revised at ' || now(), reasoning = null, updated_at = now()
where p.id = (select x.id from public.fitness_plans x where x.id >= md5(random()::text)::uuid order by x.id limit 1);
