-- Sample data for v1: realistic, and as untidy as what agents write. The same for the same settings.
--
--   crossfade.sample_plans  number of plans (200)
--   crossfade.sample_seed   (1)
--
-- Everything is drawn from a hash of its number, so nothing depends on the order in which rows are made.

create or replace function pg_temp.setting(name text, default_value int) returns int language sql stable as
  $$ select coalesce(nullif(current_setting('crossfade.sample_' || name, true), '')::int, default_value) $$;

-- A number below `sides`, the same for the same arguments. `salt` tells draws for one row apart.
create or replace function pg_temp.draw(n bigint, salt int, sides int) returns int language sql stable as
  $$ select ((hashint8extended(n, salt + 1000 * pg_temp.setting('seed', 1)) & 9223372036854775807) % sides)::int $$;

create or replace function pg_temp.row_id(kind text, n bigint) returns uuid language sql stable as
  $$ select md5(kind || pg_temp.setting('seed', 1) || ':' || n)::uuid $$;

insert into public.users (id, name, phone_number, created_at)
select pg_temp.row_id('user', n), 'Client ' || n, '+1555' || lpad(n::text, 7, '0'), timestamptz '2025-01-01 00:00:00+00' + n % 300 * interval '1 day'
from generate_series(1, greatest(pg_temp.setting('plans', 200) / 2, 4)) n;

-- One plan in thirty cannot be read: cut off, no list, an entry without weeks. One in forty never had mesocycles, one in
-- fifty was encoded twice.
insert into public.fitness_plans (id, client_id, program_type, goal_statement, overview, plan_description, reasoning, mesocycles,
                                  length_weeks, start_date, notes, created_at, updated_at)
select pg_temp.row_id('plan', n), pg_temp.row_id('user', 1 + n % greatest(pg_temp.setting('plans', 200) / 2, 4)),
       (array['strength', 'endurance', 'shred', 'hybrid', 'rehab'])[1 + pg_temp.draw(n, 1, 5)],
       case when n % 5 > 0 then 'Be stronger by spring' end,
       case when n % 9 > 0 then 'Three blocks that build on each other, for client ' || n || '.' end,
       case when n % 4 > 0 then E'Block by block:\n\n- base\n- build "hard"\n- peak' end,
       case when n % 3 > 0 then 'The client is new to barbells, so volume comes first.' end,
       case when n % 90 = 7 then left(m.list::text, 40)
            when n % 90 = 37 then '{"weeks": 4}'
            when n % 90 = 67 then (m.list || '[{"name": "Open end"}]')::text
            when n % 40 = 3 then null
            when n % 50 = 11 then to_jsonb(m.list::text)::text
            else m.list::text end,
       case when n % 8 > 0 then 12 end,
       date '2025-02-03' + pg_temp.draw(n, 2, 40) * 7,
       case when n % 6 = 0 then 'travels a lot' end,
       timestamptz '2025-01-15 00:00:00+00' + pg_temp.draw(n, 3, 200) * interval '1 day',
       timestamptz '2025-09-01 00:00:00+00' + pg_temp.draw(n, 4, 60) * interval '1 day'
from generate_series(1::bigint, pg_temp.setting('plans', 200)) n
cross join lateral (
  select jsonb_agg(jsonb_build_object('name', (array['Accumulation', 'Intensification', 'Peak', 'Transition'])[i],
                                      'weeks', 2 + pg_temp.draw(4 * n + i, 5, 4),
                                      'focus', jsonb_build_array('volume', (array['technique', 'strength', 'speed'])[1 + pg_temp.draw(4 * n + i, 6, 3)]),
                                      'deload', pg_temp.draw(4 * n + i, 7, 2) = 0) order by i) as list
  from generate_series(1, 1 + pg_temp.draw(n, 8, 4)) i
) m;

-- Up to six weeks of a plan; some days go by other words, some weeks have no days at all or were cut off, and a few belong to
-- a mesocycle that the plan does not have.
insert into public.microcycles (id, user_id, fitness_plan_id, mesocycle_index, week_number, pattern, start_date, end_date, is_active,
                                created_at, updated_at)
select pg_temp.row_id('week', w.number), p.client_id, p.id, w.mesocycle, w.week,
       case when w.number % 71 = 5 then '{}'
            when w.number % 71 = 25 then left(d.pattern::text, 60)
            when w.number % 71 = 45 then '{"days": [{"day": "Day 1", "theme": "Upper"}]}'
            else d.pattern::text end,
       p.start_date + 7 * w.at, p.start_date + 7 * w.at + 6, w.at = w.weeks - 1, p.created_at, p.updated_at
from (
  select n, weeks, at, 10 * n + at as number, case when at = 5 then 9 else at / 2 end as mesocycle, 1 + at % 2 as week
  from generate_series(1::bigint, pg_temp.setting('plans', 200)) n
  cross join lateral (select 1 + pg_temp.draw(n, 9, 6) as weeks) x
  cross join lateral generate_series(0, x.weeks - 1) at
) w
join public.fitness_plans p on p.id = pg_temp.row_id('plan', w.n)
cross join lateral (
  select jsonb_build_object('weekIndex', w.at, 'days', jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'day', case when w.number % 13 = 0 then initcap(left(day, 3)) else day end,
           'theme', case when i % 3 = 0 and w.number % 7 = 0 then null
                         else (array['Upper Push', 'Lower', 'Rest', 'Upper Pull', 'Conditioning'])[1 + pg_temp.draw(10 * w.number + i, 10, 5)] end,
           'load', (array['light', 'moderate', 'heavy', null])[1 + pg_temp.draw(10 * w.number + i, 11, 4)],
           'notes', case when i = 2 then 'keep it easy' end)) order by i)) as pattern
  from unnest(array['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY']) with ordinality x (day, i)
  where i <= 7 - w.number % 3
) d;

analyze public.users, public.fitness_plans, public.microcycles;
