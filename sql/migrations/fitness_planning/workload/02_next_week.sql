-- The agent plans the week after the last of some plan's week; one in ten comes out cut off.
insert into public.microcycles (user_id, fitness_plan_id, mesocycle_index, week_number, pattern, start_date, end_date)
select c.user_id, c.fitness_plan_id, c.mesocycle_index, c.week_number + 1,
       case when random() < 0.1 then left(c.pattern, 30)
            else '{"days": [{"day": "TUESDAY", "theme": "Lower", "notes": "belt"}, {"day": "Sat", "theme": "Long run"}], "isDeload": true}' end,
       c.end_date + 1, c.end_date + 7
from public.microcycles c
where c.id = (select x.id from public.microcycles x where x.id >= md5(random()::text)::uuid order by x.id limit 1)
on conflict do nothing;
