-- With its blocks and weeks.
delete from public.fitness_plans p
where random() < 0.5 and p.id = (select x.id from public.fitness_plans x where x.id >= md5(random()::text)::uuid order by x.id limit 1);
