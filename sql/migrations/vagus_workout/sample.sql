-- Sample data for v1: realistic, and as untidy as real data is. The same for the same settings.
--
--   crossfade.sample_plans               number of plans (200)
--   crossfade.sample_exercises_per_plan  (8)
--   crossfade.sample_seed                (1)
--
-- Users 1 and 2 always exist: 00000000-0000-4000-8000-000000000001 and …2. Everything is drawn from a hash of its number,
-- so nothing depends on the order in which rows are made.

create or replace function pg_temp.setting(name text, default_value int) returns int language sql stable as
  $$ select coalesce(nullif(current_setting('crossfade.sample_' || name, true), '')::int, default_value) $$;

-- A number below `sides`, the same for the same arguments. `salt` tells draws for one row apart.
create or replace function pg_temp.draw(n bigint, salt int, sides int) returns int language sql stable as
  $$ select ((hashint8extended(n, salt + 1000 * pg_temp.setting('seed', 1)) & 9223372036854775807) % sides)::int $$;

create or replace function pg_temp.user_id(n bigint) returns uuid language sql immutable as
  $$ select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

create or replace function pg_temp.row_id(kind text, n bigint) returns uuid language sql stable as
  $$ select md5(kind || pg_temp.setting('seed', 1) || ':' || n)::uuid $$;

-- One plan in a hundred has lost its owner.
create or replace function pg_temp.plan_owner(plan bigint) returns uuid language sql stable as
  $$ select case when plan % 100 <> 13 then pg_temp.user_id(1 + plan % greatest(pg_temp.setting('plans', 200) / 2, 4)) end $$;

insert into auth.users (id, email, created_at)
select pg_temp.user_id(n), 'user' || n || '@example.com', timestamptz '2024-01-01 00:00:00+00' + n % 300 * interval '1 day'
from generate_series(1, greatest(pg_temp.setting('plans', 200) / 2, 4)) n;

-- Every tenth user is the coach of the two before.
insert into public.coach_clients (coach_id, client_id)
select pg_temp.user_id(n), pg_temp.user_id(n - back)
from generate_series(3, greatest(pg_temp.setting('plans', 200) / 2, 4), 10) n, generate_series(1, 2) back;

-- Two in five users never chose anything, some chose a part, and one in fifty has what an early version wrote.
insert into public.notification_preferences (user_id, preferences, created_at, updated_at)
select pg_temp.user_id(n),
       case when n % 50 = 7 then '"all"'
            when n % 3 = 0 then '{"workout_reminders_enabled": false}'
            else jsonb_build_object('workout_reminder_time', lpad((6 + n % 14)::text, 2, '0') || ':30', 'language', 'en') end,
       timestamptz '2024-02-01 00:00:00+00' + n % 200 * interval '1 day',
       timestamptz '2024-09-01 00:00:00+00' + n % 90 * interval '1 day'
from generate_series(1, greatest(pg_temp.setting('plans', 200) / 2, 4)) n
where n % 5 > 1;

insert into public.workout_templates (id, coach_id, name, description, structure, created_at, updated_at)
select pg_temp.row_id('template', n), pg_temp.user_id(1 + n * 10 % greatest(pg_temp.setting('plans', 200) / 2, 4)),
       (array['Starter', '5x5', 'Upper/Lower', 'PPL'])[1 + n % 4], case when n % 2 = 0 then 'For new clients' end,
       jsonb_build_array(jsonb_build_object('name', 'Squat', 'sets', 5), jsonb_build_object('name', 'Bench Press', 'sets', 5)),
       timestamptz '2024-03-01 00:00:00+00', timestamptz '2024-03-01 00:00:00+00' + n % 100 * interval '1 day'
from generate_series(1, greatest(pg_temp.setting('plans', 200) / 20, 3)) n;

-- Plans of the same name for one user, without goal, start date or duration, with a duration of nothing or of ten years.
insert into public.workout_plans (id, user_id, name, description, goal, start_date, duration_weeks, is_active, created_at, updated_at)
select pg_temp.row_id('plan', n), pg_temp.plan_owner(n),
       (array['Summer Shape', 'Strength Block', 'Push Pull Legs', 'Back to Basics', 'Off-Season'])[1 + pg_temp.draw(n, 1, 5)],
       case when n % 3 = 0 then 'Written for client ' || n end,
       (array['strength', 'hypertrophy', 'fat_loss', null])[1 + pg_temp.draw(n, 2, 4)],
       case when n % 7 > 0 then date '2024-06-03' + pg_temp.draw(n, 3, 60) * 7 end,
       case when n % 5000 = 42 then 520 when n % 200 = 21 then 0
            else (array[null, null, 2, 3, 4, 4, 4, 6, 8])[1 + pg_temp.draw(n, 4, 9)] end,
       pg_temp.draw(n, 5, 3) > 0,
       timestamptz '2024-05-01 00:00:00+00' + pg_temp.draw(n, 6, 600) * interval '1 day',
       timestamptz '2025-06-01 00:00:00+00' + pg_temp.draw(n, 7, 100) * interval '1 day'
from generate_series(1, pg_temp.setting('plans', 200)) n;

-- Plans say their days in three ways, and every fourth in all of them at once: by weekday, by label (some missing), by
-- nothing but muscle groups (some unknown, missing, or written differently).
insert into public.exercises (id, plan_id, name, muscle_group, day_of_week, day_label, sets, reps_min, reps_max, weight,
                              rest_seconds, notes, order_index)
select pg_temp.row_id('exercise', e.number),
       case when e.number % 997 <> 5 then pg_temp.row_id('plan', e.plan) end,
       (array['Squat', 'Bench Press', 'Deadlift', 'Row', 'Overhead Press', 'Curl', 'Lunge', 'Dip', 'Plank'])[1 + pg_temp.draw(e.number, 11, 9)],
       case when e.number % 23 = 4 then (array['core', 'forearms', null, ' '])[1 + pg_temp.draw(e.number, 12, 4)]
            when e.slot = 0 then (array['chest', 'shoulders', 'triceps', 'Chest'])[1 + pg_temp.draw(e.number, 12, 4)]
            when e.slot = 1 then (array['back', 'biceps'])[1 + pg_temp.draw(e.number, 12, 2)]
            when e.slot = 2 then (array['quads', 'hamstrings', 'glutes'])[1 + pg_temp.draw(e.number, 12, 3)]
            when e.plan % 3 > 0 then 'core' end,
       case when e.plan % 4 = 0 or e.plan % 4 = 3 and e.slot = 1 then case when e.number % 400 = 27 then 9 else 2 * e.slot end end,
       case when e.plan % 4 = 1 and e.number % 40 > 0 or e.plan % 4 = 3 and e.slot = 2 or e.plan % 8 = 0
            then (array['Push', 'Pull', 'Legs', ' Upper '])[1 + e.slot] end,
       case when e.number % 701 = 9 then 0 else 3 + pg_temp.draw(e.number, 13, 3) end,
       case when e.number % 11 > 0 then 5 + pg_temp.draw(e.number, 14, 4) end,
       case when e.number % 11 > 0 then 8 + pg_temp.draw(e.number, 15, 5) end,
       case when e.number % 6 > 0 then case when e.number % 1009 = 3 then -20 else 20 + 2.5 * pg_temp.draw(e.number, 16, 40) end end,
       case when e.number % 4 > 0 then 60 + 15 * pg_temp.draw(e.number, 17, 6) end,
       case when e.number % 13 = 0 then 'slow on the way down' end,
       e.index
from (
  select plan, index, (plan - 1) * pg_temp.setting('exercises_per_plan', 8) + index as number, index % 4 as slot
  from generate_series(1::bigint, pg_temp.setting('plans', 200)) plan,
       generate_series(1, pg_temp.setting('exercises_per_plan', 8)) index
) e;

-- Two sessions a plan: most name their day as the plan does, some a day that it does not have or none; some belong to no
-- plan, a few to nobody, and some were never completed.
insert into public.workout_sessions (id, user_id, plan_id, day_of_week, day_label, started_at, completed_at, notes)
select pg_temp.row_id('session', s.number),
       case when s.number % 25 <> 14 then coalesce(pg_temp.plan_owner(s.plan), pg_temp.user_id(1)) end,
       case when s.number % 40 <> 9 then pg_temp.row_id('plan', s.plan) end,
       case when s.plan % 4 = 0 then 2 * (s.number % 4) when s.number % 50 = 7 then 3 end,
       case when s.plan % 4 = 2 then (array['Push Day', 'Pull Day', 'Leg Day', 'Upper Body'])[1 + s.number % 4]
            when s.number % 10 > 0 then (array['Push', 'Pull', 'Legs', 'Upper', 'Arms'])[1 + s.number % 5] end,
       s.at, case when s.number % 8 > 0 then s.at + interval '55 minutes' end,
       case when s.number % 17 = 0 then 'felt strong' end
from (
  select plan, 2 * plan + repeat as number,
         timestamptz '2024-06-03 17:00:00+00' + pg_temp.draw(2 * plan + repeat, 21, 500) * interval '1 day' as at
  from generate_series(1::bigint, pg_temp.setting('plans', 200)) plan, generate_series(0, 1) repeat
) s;

-- Four sets a session, of exercises of its plan; one in thirty of an exercise that was never in a plan's list.
insert into public.exercise_logs (id, session_id, exercise_id, set_number, reps, weight, completed_at)
select pg_temp.row_id('log', 4 * s.number + set_number),
       pg_temp.row_id('session', s.number),
       case when (4 * s.number + set_number) % 30 > 0
            then pg_temp.row_id('exercise', (s.plan - 1) * pg_temp.setting('exercises_per_plan', 8)
                   + 1 + pg_temp.draw(s.number, 31, pg_temp.setting('exercises_per_plan', 8))) end,
       set_number, 5 + pg_temp.draw(4 * s.number + set_number, 32, 8), 20 + 2.5 * pg_temp.draw(s.number, 33, 40),
       timestamptz '2024-06-03 17:00:00+00' + pg_temp.draw(s.number, 21, 500) * interval '1 day' + set_number * interval '4 minutes'
from (
  select plan, 2 * plan + repeat as number
  from generate_series(1::bigint, pg_temp.setting('plans', 200)) plan, generate_series(0, 1) repeat
) s, generate_series(1, 4) set_number;

analyze auth.users, public.workout_plans, public.exercises, public.workout_sessions, public.exercise_logs,
  public.notification_preferences, public.workout_templates;
