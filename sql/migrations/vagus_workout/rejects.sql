-- Rows of v1 that are left out on purpose, each with the reason. What stands here does not stand in the mapping, and the
-- other way round.

create view workout_map.rejected_workout_plans as
select p.id, 'the plan has no owner (user_id is null)' as reason
from public.workout_plans p
where p.user_id is null;

create view workout_map.rejected_exercises as
select e.id,
       case when p.id is null then 'the exercise belongs to no plan' else 'its plan has no owner' end as reason
from public.exercises e
left join public.workout_plans p on p.id = e.plan_id
where p.user_id is null;

create view workout_map.rejected_workout_sessions as
select s.id, 'neither the session nor its plan has an owner' as reason
from public.workout_sessions s
left join public.workout_plans p on p.id = s.plan_id
where s.user_id is null and p.user_id is null;

create view workout_map.rejected_exercise_logs as
select l.id, 'neither its session nor the session''s plan has an owner' as reason
from public.exercise_logs l
left join public.workout_sessions s on s.id = l.session_id
left join public.workout_plans p on p.id = s.plan_id
where s.user_id is null and p.user_id is null;

create view workout_map.rejected_notification_preferences as
select n.user_id, 'the user does not exist' as reason
from public.notification_preferences n
where not exists (select from auth.users u where u.id = n.user_id);
