-- Mesocycles come and go, and with them their rows; sometimes what comes cannot be read, and sometimes it is mended.
update public.fitness_plans p
set mesocycles = (array['[{"name": "Only", "weeks": 2, "deload": true}]',
                        '[{"weeks": 1}, {"name": "Long", "weeks": 6, "description": "Slow and steady"}]',
                        '[]', null, '[{"name": "cut', '[{"name": "Open end"}]', '"[{\"name\": \"Twice\", \"weeks\": 3}]"'])[1 + (random() * 6)::int],
    updated_at = now()
where p.id = (select x.id from public.fitness_plans x where x.id >= md5(random()::text)::uuid order by x.id limit 1);
