-- Users and their browsers' exports in the shape of v2. Everything of a user is one key: exports repeat, correct and
-- contradict one another, and only all of them together tell what the user has.
--
-- user_id is the column that conditions travel along: each step is partitioned or grouped by it. Items are read by functions
-- that never raise an error; what they cannot read, they say.

create function dynprot_map.namespace() returns uuid
language sql immutable parallel safe as $$ select uuid '5d1f6f0e-7f0c-4c1a-9f5e-6a1f0c9b2d11' $$;

-- A number, written as one or as text; null for everything else.
create function dynprot_map.number(item jsonb) returns numeric
language sql immutable parallel safe as $$
  select case when jsonb_typeof(item) = 'number' or jsonb_typeof(item) = 'string' and item #>> '{}' ~ '^\s*-?\d{1,12}(\.\d{1,12})?\s*$'
              then (item #>> '{}')::numeric end
$$;

-- A time zone that the server knows, else UTC. Not parallel safe, like all that catch errors: a parallel query has no subtransactions.
create function dynprot_map.zone(name text) returns text
language plpgsql immutable as $$
begin
  if name ~ '^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$' and timestamp '2000-01-01' at time zone name is not null then
    return name;
  end if;
  return 'UTC';
exception when invalid_parameter_value then
  return 'UTC';
end
$$;

-- ISO 8601 with an offset, or without one in the given zone; or milliseconds since 1970, as Date.now() gives them. Null for what
-- is none of these, or no such day.
create function dynprot_map.moment(item jsonb, zone text) returns timestamptz
language plpgsql immutable as $$
declare
  written text := btrim(item #>> '{}');
begin
  if written ~ '^\d{12,13}$' then
    return to_timestamp(written::numeric / 1000);
  elsif written ~* '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)$' then
    return written::timestamptz;
  elsif written ~* '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?$' then
    return written::timestamp at time zone zone;
  end if;
  return null;
exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
  return null;
end
$$;

-- One line of at most 500 characters; control characters and runs of blanks become one blank.
create function dynprot_map.description(item jsonb) returns text
language sql immutable parallel safe as $$
  select coalesce(nullif(btrim(left(btrim(regexp_replace(
           case when jsonb_typeof(item) in ('string', 'number') then item #>> '{}' end, '[[:cntrl:][:space:]]+', ' ', 'g')), 500)), ''),
         'Unnamed meal')
$$;

-- A meal or a favorite. `problem` says why it cannot be taken; a favorite may be without a time.
create function dynprot_map.read_item(item jsonb, zone text, timed boolean, out client_id text, out description text, out protein_g numeric,
                                      out calories numeric, out moment timestamptz, out problem text)
language plpgsql immutable cost 2000 as $$
declare
  written_calories jsonb := nullif(item -> 'calories', 'null');
begin
  if jsonb_typeof(item) <> 'object' then
    problem := 'it is no object';
    return;
  end if;
  client_id := nullif(btrim(case when jsonb_typeof(item -> 'id') in ('string', 'number') then item ->> 'id' end), '');
  description := dynprot_map.description(coalesce(item -> 'description', item -> 'name'));
  protein_g := round(dynprot_map.number(item -> 'protein'), 2);
  calories := round(dynprot_map.number(written_calories));
  moment := dynprot_map.moment(item -> 'timestamp', zone);
  problem := case
    when protein_g is null then 'protein is missing or no number'
    when protein_g not between 0 and 500 then 'protein is not between 0 and 500 g'
    when written_calories is not null and calories is null then 'calories are no number'
    when calories not between 0 and 10000 then 'calories are not between 0 and 10000'
    when timed and moment is null then 'the timestamp cannot be read'
    when moment not between timestamptz '2000-01-01 00:00:00+00' and timestamptz '2100-01-01 00:00:00+00' then 'the timestamp is not between 2000 and 2100'
  end;
end
$$;

create function dynprot_map.protein_goal(settings jsonb) returns numeric(6, 1)
language sql immutable parallel safe as $$
  select case when dynprot_map.number(settings -> 'proteinGoal') between 1 and 1000 then round(dynprot_map.number(settings -> 'proteinGoal'), 1) end
$$;

create function dynprot_map.calorie_goal(settings jsonb) returns int
language sql immutable parallel safe as $$
  select case when dynprot_map.number(settings -> 'calorieGoal') between 1 and 20000 then round(dynprot_map.number(settings -> 'calorieGoal'))::int end
$$;

-- The list of that name; none where it is no list.
create function dynprot_map.list(export jsonb, name text) returns jsonb
language sql immutable parallel safe as $$
  select case when jsonb_typeof(export -> name) = 'array' then export -> name else '[]' end
$$;

-- Exports of users that exist, the newest of a user first; each with the settings that hold for the user: the newest there are.
create view dynprot_map.exports as
select e.user_id,
       e.id as export_id,
       e.file,
       e.line,
       e.export,
       e.exported_at,
       e.zone,
       row_number() over (partition by e.user_id order by e.exported_at desc nulls last, e.id desc) as recency,
       first_value(e.settings) over newest_settings as settings,
       dynprot_map.zone(first_value(e.settings) over newest_settings ->> 'timezone') as user_zone
from (
  select x.user_id, x.id, x.file, x.line, x.export,
         case when jsonb_typeof(x.export -> 'userSettings') = 'object' then x.export -> 'userSettings' end as settings,
         dynprot_map.zone(coalesce(x.export #>> '{userSettings,timezone}', x.export ->> 'timezone')) as zone,
         dynprot_map.moment(x.export -> 'exportedAt', 'UTC') as exported_at
  from public.localstorage_exports x
  where exists (select from public.users u where u.id = x.user_id)
) e
window newest_settings as (partition by e.user_id order by e.settings is null, e.exported_at desc nulls last, e.id desc);

-- Every meal of every export and what becomes of it. A meal is known by the id that the browser gave it, else by all it says; the
-- newest export that has it is right about it. Of two that say the same at the same moment, one is taken.
create view dynprot_map.meal_outcomes as
select m.*,
       case when m.problem is not null then 'rejected'
            when m.newer > 1 or row_number() over (partition by m.user_id, m.problem is null and m.newer = 1, m.moment, lower(m.description), m.protein_g, m.calories
                                                   order by m.identity) > 1 then 'duplicate'
            else 'taken' end as outcome
from (
  select i.*,
         row_number() over (partition by i.user_id, i.problem is null, i.identity order by i.recency, i.place desc) as newer
  from (
    select x.user_id, x.export_id, x.recency, x.user_zone, x.settings, l.place::int as place, l.item,
           r.client_id, r.description, r.protein_g, r.calories, r.moment, r.problem,
           coalesce('id ' || r.client_id,
                    concat_ws(' ', 'what', extract(epoch from r.moment), r.protein_g, coalesce(r.calories, -1), lower(r.description))) as identity
    from dynprot_map.exports x
    cross join lateral jsonb_array_elements(dynprot_map.list(x.export, 'meals')) with ordinality l (item, place)
    cross join lateral dynprot_map.read_item(l.item, x.zone, true) r
  ) i
) m;

-- The same for favorites, which have no moment: two of the same description and values are one.
create view dynprot_map.favorite_outcomes as
select m.*,
       case when m.problem is not null then 'rejected'
            when m.newer > 1 or row_number() over (partition by m.user_id, m.problem is null and m.newer = 1, lower(m.description), m.protein_g, m.calories
                                                   order by m.identity) > 1 then 'duplicate'
            else 'taken' end as outcome
from (
  select i.*,
         row_number() over (partition by i.user_id, i.problem is null, i.identity order by i.recency, i.place desc) as newer
  from (
    select x.user_id, x.export_id, x.recency, l.place::int as place, l.item,
           r.client_id, r.description, r.protein_g, r.calories, r.moment, r.problem,
           coalesce('id ' || r.client_id, concat_ws(' ', 'what', r.protein_g, coalesce(r.calories, -1), lower(r.description))) as identity
    from dynprot_map.exports x
    cross join lateral jsonb_array_elements(dynprot_map.list(x.export, 'favoriteMeals')) with ordinality l (item, place)
    cross join lateral dynprot_map.read_item(l.item, x.zone, false) r
  ) i
) m;

-- Everybody who is there now has long confirmed the address and gone through the first steps.
create view dynprot_map.users as
select u.id, u.email, u.username, u.password, u.first_name, u.last_name, u.avatar,
       true as email_verified,
       true as has_completed_onboarding,
       true as is_active,
       null::timestamptz as last_login_at,
       u.created_at at time zone 'UTC' as created_at,
       u.updated_at at time zone 'UTC' as updated_at
from public.users u;

create view dynprot_map.user_profiles as
select crossfade.uuid(dynprot_map.namespace(), 'profile', u.id) as id,
       u.id as user_id,
       dynprot_map.protein_goal(s.settings)::numeric(6, 1) as daily_protein_goal_g,
       dynprot_map.calorie_goal(s.settings) as daily_calorie_goal,
       coalesce(s.user_zone, 'UTC') as timezone,
       coalesce(s.settings, '{}') as settings,
       u.created_at at time zone 'UTC' as created_at,
       u.updated_at at time zone 'UTC' as updated_at
from public.users u
left join lateral (select x.settings, x.user_zone from dynprot_map.exports x where x.user_id = u.id and x.recency = 1) s on true;

create view dynprot_map.meal_entries as
select crossfade.uuid(dynprot_map.namespace(), 'meal', m.user_id, m.identity) as id,
       m.user_id,
       m.client_id,
       m.description,
       m.protein_g::numeric(6, 2) as protein_g,
       m.calories::int as calories,
       m.moment as meal_timestamp,
       m.moment as created_at,
       m.moment as updated_at
from dynprot_map.meal_outcomes m
where m.outcome = 'taken';

create view dynprot_map.favorite_meals as
select crossfade.uuid(dynprot_map.namespace(), 'favorite', m.user_id, m.identity) as id,
       m.user_id,
       m.client_id,
       m.description,
       m.protein_g::numeric(6, 2) as protein_g,
       m.calories::int as calories,
       m.moment as created_at,
       m.moment as updated_at
from dynprot_map.favorite_outcomes m
where m.outcome = 'taken';

create view dynprot_map.daily_summaries as
select m.user_id,
       m.summary_date,
       sum(m.protein_g)::numeric(8, 2) as total_protein_g,
       coalesce(sum(m.calories), 0)::int as total_calories,
       count(*)::int as meal_count,
       min(m.moment) as first_meal_at,
       max(m.moment) as last_meal_at,
       dynprot_map.protein_goal(m.settings)::numeric(6, 1) as protein_goal_g,
       dynprot_map.calorie_goal(m.settings) as calorie_goal,
       sum(m.protein_g) >= dynprot_map.protein_goal(m.settings) as protein_goal_met
from (
  select o.user_id, (o.moment at time zone o.user_zone)::date as summary_date, o.protein_g, o.calories, o.moment, o.settings
  from dynprot_map.meal_outcomes o
  where o.outcome = 'taken'
) m
group by m.user_id, m.summary_date, m.settings;

-- Settings of every export are looked at, not only those that hold: what is wrong with an old one was lost at its time.
create view dynprot_map.rejected_items as
select r.export_id, r.part, r.place, r.user_id, r.reason, r.item
from (
  select m.export_id, 'meals' as part, m.place, m.user_id, m.problem as reason, m.item
  from dynprot_map.meal_outcomes m where m.outcome = 'rejected'
  union all
  select m.export_id, 'favoriteMeals', m.place, m.user_id, m.problem, m.item
  from dynprot_map.favorite_outcomes m where m.outcome = 'rejected'
  union all
  select x.export_id, p.part, 0, x.user_id, p.reason, p.item
  from dynprot_map.exports x
  cross join lateral (
    values ('meals', 'it is no list', case when jsonb_typeof(x.export -> 'meals') not in ('array', 'null') then x.export -> 'meals' end),
           ('favoriteMeals', 'it is no list', case when jsonb_typeof(x.export -> 'favoriteMeals') not in ('array', 'null') then x.export -> 'favoriteMeals' end),
           ('userSettings', 'it is no object', case when jsonb_typeof(x.export -> 'userSettings') not in ('object', 'null') then x.export -> 'userSettings' end)
  ) p (part, reason, item)
  where p.item is not null
  union all
  select x.export_id, 'userSettings', p.place, x.user_id, p.reason, p.item
  from dynprot_map.exports x
  cross join lateral (
    values (1, 'the protein goal is not between 1 and 1000', x.export #> '{userSettings,proteinGoal}', dynprot_map.protein_goal(x.export -> 'userSettings') is null),
           (2, 'the calorie goal is not between 1 and 20000', x.export #> '{userSettings,calorieGoal}', dynprot_map.calorie_goal(x.export -> 'userSettings') is null)
  ) p (place, reason, item, wrong)
  where p.wrong and jsonb_typeof(p.item) <> 'null'
) r;

create view dynprot_map.import_status as
select s.export_id,
       s.user_id,
       max(s.file) as file,
       max(s.line) as line,
       max(s.exported_at) as exported_at,
       bool_or(s.recency = 1) as is_newest,
       (count(*) filter (where s.part = 'meals'))::int as meals,
       (count(*) filter (where s.part = 'meals' and s.outcome = 'taken'))::int as meals_taken,
       (count(*) filter (where s.part = 'meals' and s.outcome = 'duplicate'))::int as meals_duplicate,
       (count(*) filter (where s.part = 'favorites'))::int as favorites,
       (count(*) filter (where s.part = 'favorites' and s.outcome = 'taken'))::int as favorites_taken,
       (count(*) filter (where s.part = 'favorites' and s.outcome = 'duplicate'))::int as favorites_duplicate,
       (count(*) filter (where s.outcome = 'rejected'))::int as rejected
from (
  select x.user_id, x.export_id, 'export' as part, null as outcome, x.file, x.line, x.exported_at, x.recency from dynprot_map.exports x
  union all
  select m.user_id, m.export_id, 'meals', m.outcome, null, null, null, null from dynprot_map.meal_outcomes m
  union all
  select m.user_id, m.export_id, 'favorites', m.outcome, null, null, null, null from dynprot_map.favorite_outcomes m
) s
group by s.user_id, s.export_id;

-- For a delayed rollback: some users' data again as their exports have it, and nobody else's touched. What they wrote to v2 since
-- is gone after it. The tables are in the shadow schema until the writes have moved, in public afterwards.
create function dynprot_map.restore_users(user_ids text[]) returns void
language plpgsql volatile as $$
declare
  shadow text := case when to_regclass('dynprot_v2.meal_entries') is null then 'public' else 'dynprot_v2' end;
  restored text;
  columns text;
begin
  -- As crossfade's own writing: the days come from their view and not from a trigger on each meal.
  perform set_config('crossfade.writer', 'dynprot', true);
  foreach restored in array array['daily_summaries', 'favorite_meals', 'meal_entries', 'user_profiles'] loop
    execute format('delete from %I.%I where user_id = any($1)', shadow, restored) using user_ids;
  end loop;
  foreach restored in array array['user_profiles', 'meal_entries', 'favorite_meals', 'daily_summaries'] loop
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns
    from pg_attribute a where a.attrelid = format('%I.%I', shadow, restored)::regclass and a.attnum > 0 and not a.attisdropped;
    execute format('insert into %I.%I (%s) select %3$s from dynprot_map.%2$I where user_id = any($1)', shadow, restored, columns) using user_ids;
  end loop;
end
$$;
