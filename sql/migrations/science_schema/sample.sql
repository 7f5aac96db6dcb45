-- Sample data for v1: realistic, and as untidy as real data is. The same for the same settings.
--
--   crossfade.sample_plans               number of workouts (200)
--   crossfade.sample_exercises_per_plan  exercises of a workout (8)
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

create or replace function pg_temp.users() returns int language sql stable as
  $$ select greatest(pg_temp.setting('plans', 200) / 4, 4) $$;

-- One user in forty typed something that is no address.
insert into public.users (id, email, username, created_at)
select pg_temp.user_id(n), case when n % 40 = 17 then 'user' || n || ' at example' else 'user' || n || '@example.com' end, 'user' || n,
       timestamptz '2024-01-01 00:00:00+00' + n % 300 * interval '1 day'
from generate_series(1, pg_temp.users()) n;

insert into public.subscriptions (id, user_id, tier, status, created_at)
select pg_temp.row_id('subscription', n), pg_temp.user_id(n), (array['free', 'plus', 'pro'])[1 + pg_temp.draw(n, 1, 3)],
       case when n % 9 = 4 then 'cancelled' else 'active' end, timestamp '2024-02-01' + n % 90 * interval '1 day'
from generate_series(1, pg_temp.users()) n
where n % 5 > 0;

insert into public.plans (id, user_id, name, created_at)
select pg_temp.row_id('plan', n), pg_temp.user_id(n), (array['Base', 'Strength', 'Meet Prep'])[1 + n % 3], timestamp '2024-03-01'
from generate_series(1, pg_temp.users()) n
where n % 3 > 0;

-- Twenty exercises; some with muscle group or movement unknown.
insert into public.exercise_catalog (id, name, muscle_group, movement_pattern, created_at)
select pg_temp.row_id('exercise', n),
       (array['Squat', 'Bench Press', 'Deadlift', 'Row', 'Overhead Press', 'Curl', 'Lunge', 'Dip', 'Plank', 'Pull-up'])[1 + n % 10]
         || case when n >= 10 then ' Variation' else '' end,
       case when n % 10 <> 8 then (array['legs', 'chest', 'back', 'back', 'shoulders', 'arms', 'legs', 'chest', null, 'back'])[1 + n % 10] end,
       case when n <> 15 then (array['squat', 'push', 'hinge', 'pull', 'push', 'pull', 'squat', 'push', 'core', 'pull'])[1 + n % 10] end,
       timestamp '2024-01-01'
from generate_series(0, 19) n;

insert into public.workouts (id, user_id, plan_id, name, notes, created_at)
select pg_temp.row_id('workout', n), pg_temp.user_id(1 + n % pg_temp.users()),
       case when (1 + n % pg_temp.users()) % 3 > 0 and n % 4 > 0 then pg_temp.row_id('plan', 1 + n % pg_temp.users()) end,
       (array['Push', 'Pull', 'Legs', 'Full Body'])[1 + n % 4], case when n % 6 = 0 then 'as the coach said' end,
       timestamp '2024-04-01' + n % 60 * interval '1 day'
from generate_series(1, pg_temp.setting('plans', 200)) n;

-- Some lists name an exercise twice, some numbers are missing or a slip of the keyboard.
insert into public.workout_exercises (id, workout_id, exercise_id, "order", sets, reps)
select pg_temp.row_id('line', w * 1000 + i), pg_temp.row_id('workout', w), pg_temp.row_id('exercise', (w + i * 3) % 18), i,
       case when w % 97 = 5 and i = 1 then 0 when w % 31 = 7 and i = 2 then null when w % 151 = 9 and i = 3 then 3000
            else 3 + pg_temp.draw(w * 1000 + i, 11, 3) end,
       case when w % 29 <> 3 then 5 + pg_temp.draw(w * 1000 + i, 12, 8) end
from generate_series(1::bigint, pg_temp.setting('plans', 200)) w, generate_series(1, pg_temp.setting('exercises_per_plan', 8)) i;

-- Three sessions a workout. A few lost their user, some were never closed, some last a minute or a day.
insert into public.workout_sessions (id, user_id, workout_id, started_at, completed_at, notes)
select pg_temp.row_id('session', s.n), case when s.n % 83 <> 11 then pg_temp.user_id(1 + s.w % pg_temp.users()) end, pg_temp.row_id('workout', s.w),
       s.at,
       case when s.n % 10 = 3 then null when s.n % 41 = 6 then s.at + interval '1 minute' when s.n % 43 = 8 then s.at + interval '27 hours'
            else s.at + (30 + pg_temp.draw(s.n, 22, 60)) * interval '1 minute' end,
       case when s.n % 17 = 0 then 'felt strong' end
from (
  select w, 3 * w + i as n,
         timestamp '2024-06-01 06:00' + pg_temp.draw(3 * w + i, 21, 200) * interval '1 day' + pg_temp.draw(3 * w + i, 23, 17) * interval '1 hour' as at
  from generate_series(1::bigint, pg_temp.setting('plans', 200)) w, generate_series(0, 2) i
) s;

-- Four exercises a session, three sets each; every tenth exercise was on no list. Body weight has no number, effort is on
-- whatever scale the user thought of, some sets failed, and some were entered with a minus.
insert into public.exercise_sets (id, session_id, exercise_id, set_number, weight, reps, rpe, created_at)
select pg_temp.row_id('set', d.n), case when d.n % 997 <> 31 then pg_temp.row_id('session', d.session) end,
       pg_temp.row_id('exercise', case when (d.session + d.e) % 10 = 0 then 19 else (d.w + d.e * 3) % 18 end),
       d.set_number,
       case when d.n % 251 = 7 then -60 when (d.w + d.e) % 9 > 0 then 20 + 2.5 * pg_temp.draw(d.session * 10 + d.e, 32, 50) end,
       case when d.n % 67 = 13 then null when d.n % 71 = 5 then 0 when d.n % 401 = 9 then -5 else 3 + pg_temp.draw(d.n, 33, 12) end,
       case when d.n % 3 > 0 then case when d.n % 59 = 4 then 15 when d.n % 113 = 6 then 85 else 6 + pg_temp.draw(d.n, 34, 9) / 2.0 end end,
       timestamp '2024-06-01 06:00' + pg_temp.draw(d.session, 21, 200) * interval '1 day' + pg_temp.draw(d.session, 23, 17) * interval '1 hour'
         + (d.e * 10 + d.set_number * 3) * interval '1 minute'
from (
  select w, 3 * w + i as session, e, set_number, ((3 * w + i) * 4 + e) * 3 + set_number as n
  from generate_series(1::bigint, pg_temp.setting('plans', 200)) w, generate_series(0, 2) i, generate_series(0, 3) e, generate_series(1, 3) set_number
) d;

analyze public.users, public.subscriptions, public.plans, public.exercise_catalog, public.workouts, public.workout_exercises,
  public.workout_sessions, public.exercise_sets;
