-- Fitness planning v1 in the shape of v2: one view per table of v2.
--
-- JSON that cannot be read must not stop the plans beside it: it is judged by functions that never raise an error, and what
-- they find wrong is the reason in rejects.sql.

-- Text as JSON; null where it is none. A JSON string is opened, because some writers encoded twice.
--
-- Not parallel safe: a block that catches errors is a subtransaction, which parallel workers cannot have.
create function fitness_map.json_of(written text) returns jsonb
language plpgsql immutable strict cost 400 as $$
declare
  read jsonb;
begin
  read := written::jsonb;
  return case when jsonb_typeof(read) = 'string' then (read #>> '{}')::jsonb else read end;
exception when data_exception or program_limit_exceeded then
  return null;
end
$$;

-- Why a plan's mesocycles cannot be read; null where they can. A plan that never had any is none the worse for it. Weeks are
-- counted on from one mesocycle to the next, so a single one without them leaves all dates after it open.
create function fitness_map.plan_fault(mesocycles text) returns text
language plpgsql immutable cost 1000 as $$
declare
  list jsonb := fitness_map.json_of(mesocycles);
  fault text;
begin
  if mesocycles is null or jsonb_typeof(list) = 'null' then
    return null;
  elsif list is null then
    return 'its mesocycles are no JSON';
  elsif jsonb_typeof(list) <> 'array' then
    return 'its mesocycles are no list';
  end if;
  select case when jsonb_typeof(m) <> 'object' then format('its mesocycle %s is no object', n)
              else format('its mesocycle %s does not say how many weeks it has', n) end
  into fault
  from jsonb_array_elements(list) with ordinality e (m, n)
  where jsonb_typeof(m) <> 'object' or coalesce(m ->> 'weeks', '') !~ '^([1-9]|[1-9][0-9]|10[0-4])$'
  order by n limit 1;
  return fault;
end
$$;

-- The mesocycles of a plan in their order; none where they cannot be read.
--
-- Functions of several rows are strict so that they are not inlined: the planner would expect 100 rows of an array then, and
-- its estimate of the whole tells how long a backfill will take.
create function fitness_map.mesocycles(written text, out mesocycle_index int, out name text, out description text, out weeks int,
                                       out ends_in_deload boolean, out start_week int) returns setof record
language sql immutable strict cost 2000 rows 3 as $$
  select (n - 1)::int,
         said.name,
         coalesce(m ->> 'description', said.name || coalesce(': ' || said.focus, '')),
         said.weeks,
         coalesce(m ->> 'deload', '') = 'true',
         (1 + sum(said.weeks) over (order by n) - said.weeks)::int
  from jsonb_array_elements(case when fitness_map.plan_fault(written) is null then nullif(fitness_map.json_of(written), 'null') end)
       with ordinality e (m, n)
  cross join lateral (
    select coalesce(m ->> 'name', 'Mesocycle ' || n::text) as name,
           (m ->> 'weeks')::int as weeks,
           (select string_agg(f, ', ' order by at)
            from jsonb_array_elements_text(case when jsonb_typeof(m -> 'focus') = 'array' then m -> 'focus' end) with ordinality x (f, at)) as focus
  ) said
$$;

-- A week's pattern as people read it: what each weekday is to bring (Monday first, null where nothing is said), all days as they
-- were written one below the other, and the same in one line. null where no day is a weekday or the pattern cannot be read.
create function fitness_map.week(pattern text, out overviews text[], out listing text, out line text) returns record
language plpgsql immutable strict cost 3000 as $$
declare
  names text[] := array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  days jsonb := fitness_map.json_of(pattern) -> 'days';
  listed text := '';
  of_day text[] := array_fill(null::text, array[7]);
  word text;
  overview text;
  weekday int;
begin
  if jsonb_typeof(days) is distinct from 'array' then
    return;
  end if;
  for n in 0 .. jsonb_array_length(days) - 1 loop
    if jsonb_typeof(days -> n) = 'object' then
      word := coalesce(initcap(btrim(days -> n ->> 'day')), 'Day ' || (n + 1)::text);
      overview := coalesce(days -> n ->> 'theme', 'Rest') || coalesce(' (' || (days -> n ->> 'load') || ')', '')
                    || coalesce(E'\n' || (days -> n ->> 'notes'), '');
      listed := listed || E'\n\n## ' || word || E'\n\n' || overview;
      line := coalesce(line || '; ', '') || word || ' ' || replace(overview, E'\n', ', ');
      weekday := array_position(names, lower(left(word, 3)));
      if weekday is not null then
        of_day[weekday] := coalesce(of_day[weekday] || E'\n', '') || overview;
        overviews := of_day;
      end if;
    end if;
  end loop;
  listing := case when overviews is not null then listed end;
  line := case when overviews is not null then line end;
end
$$;

-- Why a week's pattern cannot be read; null where it can.
create function fitness_map.pattern_fault(pattern text) returns text
language sql immutable cost 3000 as $$
  select case when (fitness_map.week(pattern)).overviews is not null then null
              when fitness_map.json_of(pattern) is null then 'its pattern is no JSON'
              else 'its pattern has no days' end
$$;

-- What people wrote about a plan, all of it: no text is lost with its column.
create function fitness_map.formatted(program_type text, goal text, overview text, plan_description text, reasoning text) returns text
language sql immutable parallel safe as $$
  select '# ' || initcap(program_type) || ' plan'
         || coalesce(E'\n\n**Goal:** ' || goal, '')
         || coalesce(E'\n\n' || overview, '')
         || coalesce(E'\n\n## Plan\n\n' || plan_description, '')
         || coalesce(E'\n\n## Why\n\n' || reasoning, '')
$$;

-- Faults are joined, not asked for in the condition: of a function's result the planner would expect one in 200 to be null.
create view fitness_map.fitness_plans as
select p.id,
       p.client_id,
       p.program_type,
       p.goal_statement,
       fitness_map.formatted(p.program_type, p.goal_statement, p.overview, p.plan_description, p.reasoning) as formatted,
       p.mesocycles::text as mesocycles,
       p.length_weeks,
       p.start_date,
       p.notes,
       p.created_at,
       p.updated_at
from public.fitness_plans p
cross join lateral fitness_map.plan_fault(p.mesocycles::text) f (fault)
where f.fault is null;

-- A mesocycle quotes the weeks that have been planned, and says of the others what it is about.
create view fitness_map.mesocycles as
select crossfade.uuid(p.id, 'mesocycle', m.mesocycle_index::text) as id,
       p.id as fitness_plan_id,
       m.mesocycle_index,
       m.description,
       w.texts as microcycles,
       '# ' || m.name || E'\n\n'
         || case m.weeks when 1 then 'Week ' || m.start_week::text else 'Weeks ' || m.start_week::text || ' to ' || (m.start_week + m.weeks - 1)::text end
         || '. ' || m.description || E'\n\n- ' || array_to_string(w.texts, E'\n- ') as formatted,
       m.start_week,
       m.weeks as duration_weeks,
       p.created_at,
       p.updated_at
from public.fitness_plans p
cross join lateral fitness_map.mesocycles(p.mesocycles::text) m
cross join lateral (
  select array_agg('Week ' || n::text || case when m.ends_in_deload and n = m.weeks then ' (deload)' else '' end
                     || ': ' || coalesce(said.line, m.description) order by n) as texts
  from generate_series(1, m.weeks) n
  left join public.microcycles c
    on c.fitness_plan_id = p.id and c.user_id = p.client_id and c.mesocycle_index = m.mesocycle_index and c.week_number = n
  left join lateral fitness_map.week(c.pattern::text) said on true
) w;

-- A week is a deload if its pattern says so, or if it is the last of a mesocycle that ends in one.
create view fitness_map.microcycles as
select c.id,
       c.user_id,
       c.fitness_plan_id,
       c.mesocycle_index,
       c.week_number,
       about.description,
       about.is_deload,
       said.overviews[1] as monday_overview,
       said.overviews[2] as tuesday_overview,
       said.overviews[3] as wednesday_overview,
       said.overviews[4] as thursday_overview,
       said.overviews[5] as friday_overview,
       said.overviews[6] as saturday_overview,
       said.overviews[7] as sunday_overview,
       '# Week ' || c.week_number::text || case when about.is_deload then ' (deload)' else '' end
         || coalesce(E'\n\n' || about.description, '') || said.listing as formatted,
       c.start_date,
       c.end_date,
       c.is_active,
       c.created_at,
       c.updated_at
from public.microcycles c
join public.fitness_plans p on p.id = c.fitness_plan_id
cross join lateral fitness_map.plan_fault(p.mesocycles::text) f (fault)
cross join lateral fitness_map.week(c.pattern::text) said
left join lateral fitness_map.mesocycles(p.mesocycles::text) m on m.mesocycle_index = c.mesocycle_index
cross join lateral (
  select coalesce(fitness_map.json_of(c.pattern::text) ->> 'description', m.description) as description,
         coalesce(fitness_map.json_of(c.pattern::text) ->> 'isDeload' = 'true', false)
           or coalesce(m.ends_in_deload and c.week_number = m.weeks, false) as is_deload
) about
where f.fault is null and said.overviews is not null;
