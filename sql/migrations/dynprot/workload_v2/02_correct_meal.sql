update public.meal_entries m set protein_g = (random() * 60)::int, updated_at = now()
where m.id = (select x.id from public.meal_entries x order by random() limit 1);
