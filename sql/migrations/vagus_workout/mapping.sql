-- Workout v1 in the shape of v2: one view per table of v2.
--
-- What decides a row is computed from the row itself wherever possible: an exercise's day is a function of its own columns,
-- so the day's id is too and nothing is joined for it. plan_id is the column that conditions travel along, so it is a
-- grouping or partition column wherever rows are grouped, and the column of the large table, never the joined plan's.
--
-- Rules that more than one view needs are functions, not views: PostgreSQL inlines them, and each view keeps to the columns
-- it really reads.

-- A plan of no duration, or none above zero, was never given one. Each week costs a row and one more for each of its days,
-- so a slip of the keyboard must not make millions: two years is the longest plan.
create function workout_map.total_weeks(duration_weeks int) returns int
language sql immutable parallel safe as $$
  select least(case when duration_weeks >= 1 then duration_weeks else 4 end, 104)
$$;

-- The weeks of a plan. Not generate_series, of which the planner expects 1,000 rows: its estimate of the whole tells how
-- long a backfill will take.
create function workout_map.weeks(plan_id uuid, duration_weeks int, out week_number int, out week_id uuid) returns setof record
language plpgsql immutable parallel safe cost 4000 rows 4 as $$
begin
  for n in 1 .. workout_map.total_weeks(duration_weeks) loop
    week_number := n;
    week_id := crossfade.uuid(plan_id, 'week', n::text);
    return next;
  end loop;
end
$$;

-- 1 Monday … 7 Sunday. 0 is Sunday too; anything else says nothing.
create function workout_map.weekday(day_of_week int) returns int
language sql immutable parallel safe as $$
  select case when day_of_week between 1 and 7 then day_of_week when day_of_week = 0 then 7 end
$$;

create function workout_map.own_label(day_label text) returns text
language sql immutable parallel safe as $$
  select nullif(btrim(day_label), '')
$$;

-- Full Body where nothing says, Upper Body where the muscle group is none we know.
create function workout_map.muscle_label(muscle_group text) returns text
language sql immutable parallel safe as $$
  select case coalesce(lower(btrim(muscle_group)), '')
           when 'chest' then 'Push Day' when 'shoulders' then 'Push Day' when 'triceps' then 'Push Day'
           when 'back' then 'Pull Day' when 'biceps' then 'Pull Day'
           when 'quads' then 'Leg Day' when 'hamstrings' then 'Leg Day' when 'glutes' then 'Leg Day'
           when '' then 'Full Body'
           else 'Upper Body'
         end
$$;

-- What makes two exercises of a plan share a day: the weekday, else the label, else the muscle group's label.
create function workout_map.day_key(day_of_week int, day_label text, muscle_group text) returns text
language sql immutable parallel safe as $$
  select coalesce('weekday ' || workout_map.weekday(day_of_week)::text,
                  'label ' || coalesce(workout_map.own_label(day_label), workout_map.muscle_label(muscle_group)))
$$;

-- The defaults, overruled by what the user has chosen.
create function workout_map.preferences(chosen jsonb) returns jsonb
language sql immutable parallel safe as $$
  select jsonb_build_object('workout_reminders_enabled', true, 'workout_reminder_time', '18:00',
                            'pr_celebration_enabled', true, 'weekly_summary_enabled', true)
    || case when jsonb_typeof(chosen) = 'object' then chosen
            when chosen is null then '{}'
            else jsonb_build_object('v1_preferences', chosen) end
$$;

-- Without an owner nobody could see a plan in v2: it is left out, and so is what hangs on it.
create view workout_map.workout_plans as
select p.id,
       p.user_id,
       p.name,
       p.description,
       coalesce(p.goal, 'general_fitness') as goal,
       workout_map.total_weeks(p.duration_weeks) as total_weeks,
       1 as current_week,
       case when p.is_active then 'active' else 'completed' end as status,
       p.created_at,
       p.updated_at
from public.workout_plans p
where p.user_id is not null;

create view workout_map.workout_weeks as
select w.week_id as id,
       p.id as plan_id,
       w.week_number,
       p.start_date + (w.week_number - 1) * 7 as start_date,
       p.start_date + w.week_number * 7 - 1 as end_date
from public.workout_plans p
cross join lateral workout_map.weeks(p.id, p.duration_weeks) w
where p.user_id is not null;

-- The days that a plan's exercises speak of, in every week. A weekday is called after its exercises' labels, else by its
-- own name. A plan without exercises has no days. Sorting is by bytes: faster, and the same on every server.
create view workout_map.workout_days as
select crossfade.uuid(d.plan_id, 'day', w.week_number::text, d.day_key) as id,
       w.week_id,
       d.day_number,
       d.day_of_week,
       coalesce(d.own_labels collate "default",
                case d.day_of_week when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday' when 4 then 'Thursday'
                  when 5 then 'Friday' when 6 then 'Saturday' when 7 then 'Sunday' end,
                d.muscle_label) as day_label,
       d.muscle_groups collate "default" as muscle_groups,
       null::int as estimated_duration,
       null::text as notes,
       d.plan_id
from (
  select e.plan_id,
         e.day_key,
         min(e.day_of_week) as day_of_week,
         string_agg(distinct e.own_label, ' / ') as own_labels,
         min(e.muscle_label) as muscle_label,
         coalesce(array_agg(distinct e.muscle_group) filter (where e.muscle_group is not null), '{}') as muscle_groups,
         row_number() over (partition by e.plan_id order by min(e.day_of_week), min(e.order_index), e.day_key)::int as day_number
  from (
    select x.plan_id,
           workout_map.day_key(x.day_of_week, x.day_label, x.muscle_group) collate "C" as day_key,
           workout_map.weekday(x.day_of_week) as day_of_week,
           workout_map.own_label(x.day_label) collate "C" as own_label,
           workout_map.muscle_label(x.muscle_group) as muscle_label,
           x.muscle_group collate "C" as muscle_group,
           x.order_index
    from public.exercises x
  ) e
  group by e.plan_id, e.day_key
) d
join public.workout_plans p on p.id = d.plan_id and p.user_id is not null
-- offset 0: without it the planner takes the weeks for free and computes their ids once more for each day.
cross join lateral (select week_number, week_id from workout_map.weeks(p.id, p.duration_weeks) offset 0) w;

create view workout_map.exercises as
select e.id,
       crossfade.uuid(e.plan_id, 'day', '1', workout_map.day_key(e.day_of_week, e.day_label, e.muscle_group)) as day_id,
       null::uuid as group_id,
       e.name,
       e.muscle_group,
       e.sets,
       e.reps_min as target_reps_min,
       e.reps_max as target_reps_max,
       e.weight as target_weight,
       null::numeric(3, 1) as target_rpe_min,
       null::numeric(3, 1) as target_rpe_max,
       coalesce(e.rest_seconds, 90) as rest_seconds,
       null::text as tempo,
       e.notes,
       null::text as video_url,
       e.order_index,
       e.plan_id
from public.exercises e
join public.workout_plans p on p.id = e.plan_id and p.user_id is not null;

-- A session belongs to the day of its weekday, else of its label, in the week in which it was started: the plan's first or
-- last week where it was started outside, the first where the plan has no start date. A day that the plan does not have
-- leaves it without one. History stays although its plan is left out.
create view workout_map.workout_sessions as
select s.id,
       coalesce(s.user_id, p.user_id) as user_id,
       p.id as plan_id,
       crossfade.uuid(p.id, 'day',
         case when p.start_date is null then '1'
              else greatest(1, least(workout_map.total_weeks(p.duration_weeks),
                                     1 + ((s.started_at at time zone 'UTC')::date - p.start_date) / 7))::text end,
         coalesce(min(workout_map.day_key(e.day_of_week, e.day_label, e.muscle_group))
                    filter (where workout_map.weekday(e.day_of_week) = workout_map.weekday(s.day_of_week)),
                  min(workout_map.day_key(e.day_of_week, e.day_label, e.muscle_group)) filter (where e.id is not null))) as day_id,
       s.started_at,
       s.completed_at,
       s.notes
from public.workout_sessions s
left join public.workout_plans p on p.id = s.plan_id and p.user_id is not null
left join public.exercises e on e.plan_id = p.id
  and (workout_map.weekday(e.day_of_week) = workout_map.weekday(s.day_of_week)
       or workout_map.own_label(s.day_label) = coalesce(workout_map.own_label(e.day_label),
            case when workout_map.weekday(e.day_of_week) is null then workout_map.muscle_label(e.muscle_group) end))
where coalesce(s.user_id, p.user_id) is not null
group by s.id, p.id;

create view workout_map.exercise_logs as
select l.id,
       l.session_id,
       case when owner.id is not null then e.id end as exercise_id,
       l.set_number,
       l.reps,
       l.weight,
       null::numeric(3, 1) as rpe,
       null::int as rest_seconds,
       null::text as notes,
       l.completed_at
from public.exercise_logs l
join public.workout_sessions s on s.id = l.session_id
left join public.workout_plans p on p.id = s.plan_id
left join public.exercises e on e.id = l.exercise_id
left join public.workout_plans owner on owner.id = e.plan_id and owner.user_id is not null
where coalesce(s.user_id, p.user_id) is not null;

-- Everybody has preferences in v2.
create view workout_map.notification_preferences as
select u.id as user_id,
       workout_map.preferences(n.preferences) as preferences,
       coalesce(n.created_at, u.created_at) as created_at,
       coalesce(n.updated_at, u.created_at) as updated_at
from auth.users u
left join public.notification_preferences n on n.user_id = u.id;

-- Copied as they are and flagged: what a template means in weeks and days is for its coach to say.
create view workout_map.workout_templates as
select t.id, t.coach_id, t.name, t.description, t.structure, true as needs_review, t.created_at, t.updated_at
from public.workout_templates t;

-- For the check of cascades, whose whole way needs several statements: a plan of two levels of children and a session,
-- deleted. Nothing of it is left, and the transaction is rolled back. The tables are where a check looks for names without a
-- schema: they move with the cutover of the writes.
create function workout_map.deleted_plan_leaves_nothing() returns boolean
language plpgsql volatile as $$
declare
  nobody uuid := '00000000-0000-0000-0000-000000000000';
  test_plan_id uuid := crossfade.uuid(nobody, 'plan');
  test_week_id uuid := crossfade.uuid(nobody, 'week');
  test_day_id uuid := crossfade.uuid(nobody, 'day');
  test_exercise_id uuid := crossfade.uuid(nobody, 'exercise');
  test_session_id uuid := crossfade.uuid(nobody, 'session');
begin
  insert into workout_plans (id, user_id, name, goal, total_weeks) values (test_plan_id, nobody, 'Test Plan', 'strength', 1);
  insert into workout_weeks (id, plan_id, week_number) values (test_week_id, test_plan_id, 1);
  insert into workout_days (id, week_id, day_number, day_label) values (test_day_id, test_week_id, 1, 'Test Day');
  insert into exercises (id, day_id, name) values (test_exercise_id, test_day_id, 'Test Exercise');
  insert into workout_sessions (id, user_id, plan_id, day_id) values (test_session_id, nobody, test_plan_id, test_day_id);
  insert into exercise_logs (id, session_id, exercise_id, set_number)
  values (crossfade.uuid(nobody, 'log'), test_session_id, test_exercise_id, 1);
  delete from workout_plans where id = test_plan_id;
  return not exists (select from workout_weeks where id = test_week_id)
     and not exists (select from workout_days where id = test_day_id)
     and not exists (select from exercises where id = test_exercise_id)
     and not exists (select from workout_sessions where id = test_session_id)
     and not exists (select from exercise_logs where session_id = test_session_id);
end
$$;

-- Applications read through these views until all reads are on v2: with their own rights, so that row-level security holds.
-- Servers before 15 do not know this; there the stable views stay closed until then.
do $$
declare
  mapped regclass;
begin
  if current_setting('server_version_num')::int >= 150000 then
    for mapped in select oid::regclass from pg_class where relnamespace = 'workout_map'::regnamespace and relkind = 'v' loop
      execute format('alter view %s set (security_invoker = true)', mapped);
    end loop;
  end if;
end $$;
