-- Sample data for v1: realistic, and as untidy as real browsers' is. The same for the same settings.
--
--   crossfade.sample_plans               number of users (200)
--   crossfade.sample_exercises_per_plan  meals of an export (8)
--   crossfade.sample_seed                (1)
--
-- Users are user_1, user_2 …. Everything is drawn from a hash of its number, so nothing depends on the order in which rows are made.

create or replace function pg_temp.setting(name text, default_value int) returns int language sql stable as
  $$ select coalesce(nullif(current_setting('crossfade.sample_' || name, true), '')::int, default_value) $$;

-- A number below `sides`, the same for the same arguments. `salt` tells draws for one row apart.
create or replace function pg_temp.draw(n bigint, salt int, sides int) returns int language sql stable as
  $$ select ((hashint8extended(n, salt + 1000 * pg_temp.setting('seed', 1)) & 9223372036854775807) % sides)::int $$;

insert into public.users (id, email, username, password, first_name, created_at, updated_at)
select 'user_' || n, 'user' || n || '@example.com', 'user' || n, '$2b$10$' || md5(n::text), case when n % 3 > 0 then 'Name ' || n end,
       timestamp '2024-01-01' + n % 300 * interval '1 day', timestamp '2024-12-01' + n % 90 * interval '1 day'
from generate_series(1, pg_temp.setting('plans', 200)) n;

-- A meal by its number, as one version of the app or another wrote it: numbers as text, moments with offset, without, as
-- milliseconds or as something else, descriptions with line breaks or none, values nobody eats.
create or replace function pg_temp.meal(n bigint, version int) returns jsonb language sql stable as $$
  select case when n % 401 = 7 then '"a meal"' else
    jsonb_build_object(
      'description', case when n % 53 = 5 then '"  Chicken\n\n and   rice \t "' when n % 59 = 8 then '17' when n % 61 = 3 then 'null' when n % 67 = 4 then '{}'
                          else to_jsonb((array['Chicken Salad', 'Protein Shake', 'Oats', 'Tofu Bowl', 'Eggs', 'Salmon'])[1 + pg_temp.draw(n, 1, 6)]) end,
      'protein', case when n % 71 = 9 then '"lots"' when n % 73 = 2 then '-5' when n % 79 = 6 then '9000' when n % 7 = 1 then to_jsonb((10 + pg_temp.draw(n, 2, 40))::text)
                      else to_jsonb(10 + pg_temp.draw(n, 2, 400) / 10.0 + case when n % 19 = 3 then version else 0 end) end,
      'calories', case when n % 83 = 1 then '123456' when n % 6 = 2 then 'null' else to_jsonb(150 + pg_temp.draw(n, 3, 600)) end,
      'timestamp', case when n % 89 = 11 then '"yesterday"' when n % 97 = 12 then '"2025-02-30T12:00:00Z"' when n % 101 = 13 then '0'
                        when n % 5 = 0 then to_jsonb(1735700000000 + pg_temp.draw(n, 4, 7000000) * 1000::bigint)
                        when n % 5 = 1 then to_jsonb(to_char(timestamp '2025-01-01' + pg_temp.draw(n, 4, 7000000) * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS'))
                        when n % 5 = 2 then to_jsonb(to_char(timestamp '2025-01-01' + pg_temp.draw(n, 4, 7000000) * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"+02:00"'))
                        else to_jsonb(to_char(timestamp '2025-01-01' + pg_temp.draw(n, 4, 7000000) * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end)
    || case when n % 4 > 0 then jsonb_build_object('id', 'm' || n) else '{}' end
  end
$$;

-- Up to three exports a user, each with what the one before had and more; a few of nobody, of a user who is gone, or of none
-- the shape. Some of the later ones were made on a second device, whose meals are its own.
insert into public.localstorage_exports (export, file, line)
select case when n % 211 = 5 then '["not", "an", "export"]' when n % 97 = 8 then jsonb_build_object('meals', '[]'::jsonb) else
         jsonb_build_object(
           'userId', case when n % 61 = 12 then 'gone_' || n else 'user_' || n end,
           'exportedAt', to_char(timestamp '2025-04-01' + device * interval '3 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           'userSettings', case when n % 47 = 9 then '"lost"' when n % 43 = 7 then 'null' else
             jsonb_build_object('proteinGoal', case when n % 37 = 5 then '0' else to_jsonb(100 + pg_temp.draw(n, 11, 100)) end,
                                'calorieGoal', to_jsonb((1800 + pg_temp.draw(n, 12, 1000))::text),
                                'timezone', (array['Europe/Berlin', 'America/Los_Angeles', 'UTC', 'Asia/Tokyo', 'Mars/Base'])[1 + pg_temp.draw(n, 13, 5)], 'theme', 'dark') end,
           'meals', case when n % 151 = 6 then '{}' else
             coalesce((select jsonb_agg(pg_temp.meal((n * 10 + case when n % 10 = 3 then device else 0 end) * 100 + i, device))
                       from generate_series(1, pg_temp.setting('exercises_per_plan', 8) * (1 + device) / 2) i), '[]') end
             || case when n % 9 = 4 then jsonb_build_array(pg_temp.meal(n * 1000 + 1, 0), pg_temp.meal(n * 1000 + 1, 0)) else '[]' end,
           'favoriteMeals', coalesce((select jsonb_agg(case when jsonb_typeof(m.item) = 'object' then m.item - 'timestamp' else m.item end)
                                      from generate_series(1, n % 4) i, pg_temp.meal(n * 1000 + 500 + i, device) m (item)), '[]'))
       end,
       'exports-' || device || '.ndjson', n
from generate_series(1::bigint, pg_temp.setting('plans', 200)) n, generate_series(0, 2) device
where n % 11 > 0 and device <= n % 3
on conflict do nothing;

analyze public.users, public.localstorage_exports;
