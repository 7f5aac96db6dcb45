-- An exercise goes to another day of its plan, by label or by weekday.
update public.exercises e
set day_label = (array['Push', 'Pull', ' Legs ', '', null])[1 + (random() * 4)::int],
    day_of_week = case when random() < 0.3 then (random() * 8)::int end
where e.id = (select x.id from public.exercises x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
