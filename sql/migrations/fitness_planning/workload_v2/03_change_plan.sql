-- Whose plan it is does not matter: one of a client who has left is not there any more.
update public.fitness_plans p set notes = 'Revised at ' || clock_timestamp(), updated_at = now()
where p.id = (select x.id from public.fitness_plans x where x.id >= md5(random()::text)::uuid order by x.id limit 1);
