update public.mesocycles m set description = 'Slow and steady', updated_at = now()
where m.id = (select x.id from public.mesocycles x where x.id >= md5(random()::text)::uuid order by x.id limit 1);
