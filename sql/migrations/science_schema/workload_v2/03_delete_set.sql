delete from public.set_executions e
where e.id = (select x.id from public.set_executions x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
