delete from public.exercises e
where e.id = (select x.id from public.exercises x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
