-- A meal of somebody who is there; the day's summary follows.
insert into public.meal_entries (user_id, description, protein_g, calories, meal_timestamp)
select u.id, 'Written on the server', (random() * 60)::int, (random() * 900)::int, timestamptz '2025-08-01' + random() * interval '60 days'
from (select x.id from public.users x order by random() limit 1) u;
