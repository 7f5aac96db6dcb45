-- A session on a day of a plan, and a set of it.
with day as (
  select d.id, p.id as plan_id, p.user_id, (select x.id from public.exercises x where x.day_id = d.id order by x.id limit 1) as exercise_id
  from public.workout_days d join public.workout_weeks w on w.id = d.week_id join public.workout_plans p on p.id = w.plan_id
  where d.id >= (select gen_random_uuid()) order by d.id limit 1
), session as (
  insert into public.workout_sessions (user_id, plan_id, day_id) select user_id, plan_id, id from day returning id
)
insert into public.exercise_logs (session_id, exercise_id, set_number, reps, weight, rpe)
select session.id, day.exercise_id, 1, 8, 60, 8.5 from session, day;
