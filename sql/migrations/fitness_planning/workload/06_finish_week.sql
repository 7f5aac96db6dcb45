update public.microcycles c set is_active = false
where c.id = (select x.id from public.microcycles x where x.id >= md5(random()::text)::uuid order by x.id limit 1);
