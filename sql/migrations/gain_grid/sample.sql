-- Sample data for v1: realistic, and as untidy as real data is. The same for the same settings.
--
--   crossfade.sample_plans               number of workouts (200)
--   crossfade.sample_exercises_per_plan  exercises in each (8)
--   crossfade.sample_seed                (1)
--
-- Everything is drawn from a hash of its number, so nothing depends on the order in which rows are made.

create or replace function pg_temp.setting(name text, default_value int) returns int language sql stable as
  $$ select coalesce(nullif(current_setting('crossfade.sample_' || name, true), '')::int, default_value) $$;

-- A number below `sides`, the same for the same arguments. `salt` tells draws for one row apart.
create or replace function pg_temp.draw(n bigint, salt int, sides int) returns int language sql stable as
  $$ select ((hashint8extended(n, salt + 1000 * pg_temp.setting('seed', 1)) & 9223372036854775807) % sides)::int $$;

-- As long as a cuid and drawn like one.
create or replace function pg_temp.cuid(kind text, n bigint) returns text language sql stable as
  $$ select 'c' || left(md5(kind || pg_temp.setting('seed', 1) || ':' || n), 24) $$;

insert into public."User" ("id", "email", "name", "password", "createdAt", "updatedAt")
select pg_temp.cuid('user', n), 'user' || n || '@example.com', case when n % 6 > 0 then 'User ' || n end,
       case when n % 3 > 0 then '$2b$10$' || md5(n::text) end,
       timestamp '2024-01-01 08:00:00.123' + n % 300 * interval '1 day', timestamp '2025-01-01 08:00:00' + n % 90 * interval '1 day'
from generate_series(1, greatest(pg_temp.setting('plans', 200) / 10, 4)) n;

-- Some names are there twice, but for case and blanks.
insert into public."Exercise" ("id", "name", "description", "category", "createdAt", "updatedAt")
select pg_temp.cuid('exercise', n),
       (array['Squat', 'Bench Press', 'Deadlift', 'Row', 'Overhead Press', 'Plank', 'Run', 'Stretch', 'squat ', 'Dip'])[1 + n % 10]
         || case when n >= 10 then ' ' || n / 10 else '' end,
       case when n % 4 > 0 then 'Keep the back straight' end,
       (array['STRENGTH', 'STRENGTH', 'STRENGTH', 'STRENGTH', 'STRENGTH', 'BODYWEIGHT', 'CARDIO', 'FLEXIBILITY', 'STRENGTH', 'BODYWEIGHT']
          ::public."ExerciseCategory"[])[1 + n % 10],
       timestamp '2023-06-01 00:00:00', timestamp '2023-06-01 00:00:00' + n * interval '1 hour'
from generate_series(0, 59) n;

-- One workout in fifty belongs to a user who is gone, and some have no exercises.
insert into public."Workout" ("id", "name", "date", "notes", "userId", "createdAt", "updatedAt")
select pg_temp.cuid('workout', n), (array['Push', 'Pull', 'Legs', 'Morning run'])[1 + pg_temp.draw(n, 1, 4)],
       timestamp '2024-02-01 17:30:00' + n * interval '5 hours 3 seconds', case when n % 7 = 0 then 'felt strong' end,
       case when n % 50 = 17 then pg_temp.cuid('gone', n)
            else pg_temp.cuid('user', 1 + n % greatest(pg_temp.setting('plans', 200) / 10, 4)) end,
       timestamp '2024-02-01 18:30:00' + n * interval '5 hours', timestamp '2024-02-01 18:30:00' + n * interval '5 hours'
from generate_series(1::bigint, pg_temp.setting('plans', 200)) n;

-- Some rows outlived their workout or their exercise; some weights and minutes are impossible.
insert into public."WorkoutExercise" ("id", "workoutId", "exerciseId", "sets", "reps", "weight", "time", "notes", "createdAt", "updatedAt")
select pg_temp.cuid('done', e.number),
       case when e.number % 211 = 7 then pg_temp.cuid('deleted', e.number) else pg_temp.cuid('workout', e.workout) end,
       case when e.number % 307 = 9 then pg_temp.cuid('deleted', e.number) else pg_temp.cuid('exercise', pg_temp.draw(e.number, 2, 60)) end,
       case when e.number % 401 = 3 then 0 else 3 + pg_temp.draw(e.number, 3, 3) end,
       5 + pg_temp.draw(e.number, 4, 10),
       case when e.number % 5 = 0 then null when e.number % 503 = 11 then -20 when e.number % 601 = 13 then 'NaN'
            else 20 + 2.5 * pg_temp.draw(e.number, 5, 40) end,
       case when e.number % 3 = 0 then 5 + pg_temp.draw(e.number, 6, 40) when e.number % 409 = 1 then -5 end,
       case when e.number % 13 = 0 then 'slow on the way down' end,
       timestamp '2024-02-01 18:30:00' + e.workout * interval '5 hours', timestamp '2024-02-01 18:30:00' + e.number * interval '1 minute'
from (
  select workout, (workout - 1) * pg_temp.setting('exercises_per_plan', 8) + index as number
  from generate_series(1::bigint, pg_temp.setting('plans', 200)) workout, generate_series(1, pg_temp.setting('exercises_per_plan', 8)) index
  where workout % 31 <> 4
) e;

analyze public."User", public."Exercise", public."Workout", public."WorkoutExercise";
