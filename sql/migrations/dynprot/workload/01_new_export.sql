-- A browser sends what it has: most of it was sent before, some of it is changed, some new.
insert into public.localstorage_exports (export)
select x.export || jsonb_build_object(
  'exportedAt', to_char(timestamp '2025-05-01' + random() * interval '60 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  'meals', case when jsonb_typeof(x.export -> 'meals') = 'array' then x.export -> 'meals' else '[]' end || jsonb_build_array(jsonb_build_object(
    'id', 'm' || (random() * 100000)::int, 'description', 'New', 'protein', (random() * 60)::int, 'calories', (random() * 900)::int,
    'timestamp', to_char(timestamp '2025-05-01' + random() * interval '60 days', 'YYYY-MM-DD"T"HH24:MI:SS'))))
from (select e.export from public.localstorage_exports e where jsonb_typeof(e.export) = 'object' order by random() limit 1) x
on conflict do nothing;
