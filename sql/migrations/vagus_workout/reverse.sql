-- Workout v2 in the shape of v1: one view per table of v1, for the time after the writes have moved.
--
-- v1 says some things in several ways that v2 says in one: no goal and 'general_fitness', weekday 0 and 7, ' Legs ' and
-- 'Legs'. What v2 has not changed since must stay as v1 wrote it. So each view looks at the old row (`old`, the very row it
-- fills) and takes its word wherever that still means what v2 says; else v2's. Old rows change by these views alone.

-- "Arms / Chest" has the part "Arms". A label may have a slash of its own, so parts are looked for, not cut out.
create function workout_unmap.has_part(day_label text, part text) returns boolean
language sql immutable parallel safe as $$
  select strpos(' / ' || day_label || ' / ', ' / ' || part || ' / ') > 0
$$;

-- The label that v1 gives a row of a day of v2. A weekday speaks for itself, and so do labels that were joined.
create function workout_unmap.own_label(day_of_week int, day_label text) returns text
language sql immutable parallel safe as $$
  select case when day_of_week is null then day_label
              when day_label not in ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')
                   and not day_label like '% / %' then day_label end
$$;

create view workout_unmap.workout_plans as
select p.id,
       p.user_id,
       p.name,
       p.description,
       case when old.id is null or coalesce(old.goal, 'general_fitness') <> p.goal then p.goal else old.goal end as goal,
       w.start_date,
       case when workout_map.total_weeks(old.duration_weeks) = p.total_weeks and old.id is not null then old.duration_weeks
            else p.total_weeks end as duration_weeks,
       p.status = 'active' as is_active,
       p.created_at,
       p.updated_at
from workout_v2.workout_plans p
left join workout_v2.workout_weeks w on w.plan_id = p.id and w.week_number = 1
left join public.workout_plans old on old.id = p.id;

-- All exercises of all weeks: v1 has no weeks, and leaving some out would lose them.
create view workout_unmap.exercises as
select e.id,
       w.plan_id,
       e.name,
       e.muscle_group,
       case when said.by_old_row then old.day_of_week else d.day_of_week end as day_of_week,
       case when said.by_old_row then old.day_label else workout_unmap.own_label(d.day_of_week, d.day_label) end as day_label,
       e.sets,
       e.target_reps_min as reps_min,
       e.target_reps_max as reps_max,
       e.target_weight as weight,
       case when old.id is null or coalesce(old.rest_seconds, 90) <> e.rest_seconds then e.rest_seconds else old.rest_seconds end as rest_seconds,
       e.notes,
       e.order_index
from workout_v2.exercises e
join workout_v2.workout_days d on d.id = e.day_id
join workout_v2.workout_weeks w on w.id = d.week_id
left join public.exercises old on old.id = e.id
cross join lateral (
  select old.id is not null and workout_map.weekday(old.day_of_week) is not distinct from d.day_of_week
         and case when d.day_of_week is null
                  then coalesce(workout_map.own_label(old.day_label), workout_map.muscle_label(e.muscle_group)) = d.day_label
                  else workout_map.own_label(old.day_label) is null
                       or workout_unmap.has_part(d.day_label, workout_map.own_label(old.day_label)) end as by_old_row
) said;

-- A session that v2 has without a plan may hang on one that stayed behind in v1; one without an owner of its own had its
-- plan's. A session whose day is gone keeps what it said of it.
create view workout_unmap.workout_sessions as
select s.id,
       case when old.id is not null and old.user_id is null and s.user_id = p.user_id then null else s.user_id end as user_id,
       coalesce(s.plan_id, (select behind.id from public.workout_plans behind where behind.id = old.plan_id and behind.user_id is null)) as plan_id,
       case when said.by_old_row then old.day_of_week else d.day_of_week end as day_of_week,
       case when said.by_old_row then old.day_label else workout_unmap.own_label(d.day_of_week, d.day_label) end as day_label,
       s.started_at,
       s.completed_at,
       s.notes
from workout_v2.workout_sessions s
left join workout_v2.workout_plans p on p.id = s.plan_id
left join workout_v2.workout_days d on d.id = s.day_id
left join public.workout_sessions old on old.id = s.id
cross join lateral (
  select old.id is not null
         and (d.id is null or coalesce(workout_map.weekday(old.day_of_week) = d.day_of_week, false)
              or coalesce(workout_unmap.has_part(d.day_label, workout_map.own_label(old.day_label)), false)) as by_old_row
) said;

-- A set of an exercise that stayed behind in v1 still names it there.
create view workout_unmap.exercise_logs as
select l.id,
       l.session_id,
       coalesce(l.exercise_id, (select behind.id from workout_map.rejected_exercises behind where behind.id = old.exercise_id)) as exercise_id,
       l.set_number,
       l.reps,
       l.weight,
       l.completed_at
from workout_v2.exercise_logs l
left join public.exercise_logs old on old.id = l.id;

-- v1 has a row for those who have chosen something. Its rows go with their user, who is not v2's to delete.
create view workout_unmap.notification_preferences as
select n.user_id,
       case when old.user_id is not null and workout_map.preferences(old.preferences) = n.preferences then old.preferences
            else n.preferences end as preferences,
       n.created_at,
       n.updated_at
from workout_v2.notification_preferences n
join auth.users u on u.id = n.user_id
left join public.notification_preferences old on old.user_id = n.user_id
where old.user_id is not null or n.preferences <> workout_map.preferences(null);

create view workout_unmap.rejected_notification_preferences as
select n.user_id, 'v1 does not write down the defaults, nor preferences of users who are gone' as reason
from workout_v2.notification_preferences n
left join public.notification_preferences old on old.user_id = n.user_id
where old.user_id is null
  and (n.preferences = workout_map.preferences(null) or not exists (select from auth.users u where u.id = n.user_id));

create view workout_unmap.workout_templates as
select t.id, t.coach_id, t.name, t.description, t.structure, t.created_at, t.updated_at
from workout_v2.workout_templates t;
