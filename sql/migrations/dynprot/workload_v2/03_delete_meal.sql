delete from public.meal_entries m where m.id = (select x.id from public.meal_entries x order by random() limit 1);
