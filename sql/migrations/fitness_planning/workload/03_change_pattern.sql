-- A week is rewritten, or mended.
update public.microcycles c
set pattern = case when random() < 0.1 then '{"days": []}'
                   else '{"description": "Rewritten", "days": [{"day": "Friday", "theme": "Test day", "load": "heavy"}]}' end, updated_at = now()
where c.id = (select x.id from public.microcycles x where x.id >= md5(random()::text)::uuid order by x.id limit 1);
