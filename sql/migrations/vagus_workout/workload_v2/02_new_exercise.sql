-- One more exercise for a day of any week, with what v1 has no word for.
insert into public.exercises (day_id, name, muscle_group, target_rpe_min, tempo, order_index)
select d.id, 'Face Pull', 'back', 7, '3010', 50
from public.workout_days d where d.id >= (select gen_random_uuid()) order by d.id limit 1;
