with workout as (
  insert into public.workouts (user_id, name)
  select u.id, 'New' from public.users u where u.id >= ('00000000-0000-4000-8000-' || lpad(to_hex((random() * 40)::int), 12, '0'))::uuid
  order by u.id limit 1
  returning id
)
insert into public.workout_exercises (workout_id, exercise_id, "order", sets, reps)
select w.id, x.id, row_number() over (), 3, 8
from workout w, (select c.id from public.exercise_catalog c order by random() limit 4) x;
