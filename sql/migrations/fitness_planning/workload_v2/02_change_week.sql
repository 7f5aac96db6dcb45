-- A day of some week is rewritten.
update public.microcycles c
set thursday_overview = (array[E'Run\neasy', 'Rest', E'Lower (light)\nno belt'])[1 + (random() * 2)::int], updated_at = now()
where c.id = (select x.id from public.microcycles x where x.id >= md5(random()::text)::uuid order by x.id limit 1);
