-- Another goal, another time zone: all days of the user are counted again.
insert into public.localstorage_exports (export)
select jsonb_build_object('userId', u.id, 'exportedAt', to_char(timestamp '2025-07-01' + random() * interval '60 days', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'userSettings', jsonb_build_object('proteinGoal', (random() * 250)::int, 'timezone', (array['Asia/Kolkata', 'America/New_York', 'nowhere'])[1 + (random() * 2)::int]))
from (select id from public.users order by random() limit 1) u
on conflict do nothing;
