-- A workout with its block and what is to be done in it, in one transaction.
with workout as (
  insert into public.workouts (user_id, name)
  select u.id, 'Fresh start' from public.users u where u.id >= (select gen_random_uuid()) order by u.id limit 1
  returning id
), block as (
  insert into public.workout_blocks (workout_id, block_order, block_name, block_type)
  select w.id, 1, 'Main', 'superset' from workout w
  returning id
), listed as (
  insert into public.workout_block_exercises (workout_block_id, exercise_id, exercise_order, target_sets, target_reps_min)
  select b.id, x.id, 1, 3, 8
  from block b cross join (select c.id from public.exercise_catalog c where c.id >= (select gen_random_uuid()) order by c.id limit 1) x
  returning id
)
insert into public.set_protocols (workout_block_exercise_id, protocol_type, set_order)
select l.id, 'cluster', n from listed l cross join generate_series(1, 3) n;
