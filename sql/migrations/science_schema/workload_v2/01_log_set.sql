-- One more set of an exercise that was performed.
insert into public.set_executions (exercise_performance_id, set_number, weight_kg, reps_completed, rpe_value, end_time)
select p.id, 9, 60, 8, 7.5, now()
from public.exercise_performances p where p.id >= (select gen_random_uuid()) order by p.id limit 1;
