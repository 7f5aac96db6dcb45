-- Fitness planning v2 in the shape of v1: one view per table of v1, for the time after the writes have moved.
--
-- v1 says in JSON, in whichever way an agent wrote it, what v2 says in rows and columns. So each view looks at the old row
-- (`old`, the very row it fills) and leaves its text alone wherever that still means what v2 says; else it writes another.

-- A day as v1 writes it: the first line is the theme, with the load behind it, and the notes are the rest.
create function fitness_unmap.day(name text, overview text) returns jsonb
language sql immutable parallel safe as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'day', name,
    'theme', regexp_replace(split_part(overview, E'\n', 1), ' \(([^()]*)\)$', ''),
    'load', substring(split_part(overview, E'\n', 1) from ' \(([^()]*)\)$'),
    'notes', substring(overview from E'^[^\n]*\n(.*)$')))
$$;

create function fitness_unmap.pattern(overviews text[], description text, is_deload boolean) returns text
language sql immutable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'days', coalesce(jsonb_agg(fitness_unmap.day(name, overview) order by n) filter (where overview is not null), '[]'),
    'description', description,
    'isDeload', case when is_deload then true end))::text
  from unnest(array['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'], overviews) with ordinality d (name, overview, n)
$$;

-- A plan whose text is no longer what v1's texts make has it all in overview. Its list of mesocycles is written anew once the
-- rows say something else; an entry that they do not contradict stays.
create view fitness_unmap.fitness_plans as
select p.id,
       p.client_id,
       p.program_type,
       p.goal_statement,
       case when said.by_old_row then old.overview else p.formatted end as overview,
       case when said.by_old_row then old.plan_description end as plan_description,
       case when said.by_old_row then old.reasoning end as reasoning,
       case when m.as_written then p.mesocycles else m.anew::text end as mesocycles,
       p.length_weeks,
       p.start_date,
       p.notes,
       p.created_at,
       p.updated_at
from fitness_v2.fitness_plans p
left join public.fitness_plans old on old.id = p.id
cross join lateral (
  select old.id is not null
         and fitness_map.formatted(old.program_type, old.goal_statement, old.overview, old.plan_description, old.reasoning) = p.formatted
           as by_old_row
) said
cross join lateral (
  select count(*) = count(w.mesocycle_index) and count(*) = count(r.mesocycle_index)
           and coalesce(bool_and((w.description, w.weeks) = (r.description, r.duration_weeks)), true) as as_written,
         jsonb_agg(case when w.description = r.description
                        then fitness_map.json_of(p.mesocycles) -> r.mesocycle_index || jsonb_build_object('weeks', r.duration_weeks)
                        else jsonb_build_object('name', coalesce(substring(r.formatted from '^# ([^\n]+)'), 'Mesocycle'),
                                                'description', r.description, 'weeks', r.duration_weeks) end
                   order by r.mesocycle_index) filter (where r.mesocycle_index is not null) as anew
  from (select * from fitness_map.mesocycles(p.mesocycles)) w
  full join (select * from fitness_v2.mesocycles x where x.fitness_plan_id = p.id) r using (mesocycle_index)
) m;

-- A week that says the same of its days, and has the same description, keeps its pattern; what v2 calls a deload only v2 knows.
create view fitness_unmap.microcycles as
select c.id,
       c.user_id,
       c.fitness_plan_id,
       c.mesocycle_index,
       c.week_number,
       case when said.by_old_row then old.pattern::text
            else fitness_unmap.pattern(now.overviews, nullif(c.description, m.description), c.is_deload) end as pattern,
       c.start_date,
       c.end_date,
       c.is_active,
       c.created_at,
       c.updated_at
from fitness_v2.microcycles c
left join fitness_v2.mesocycles m on m.fitness_plan_id = c.fitness_plan_id and m.mesocycle_index = c.mesocycle_index
left join public.microcycles old on old.id = c.id
cross join lateral (
  select array[c.monday_overview, c.tuesday_overview, c.wednesday_overview, c.thursday_overview, c.friday_overview,
               c.saturday_overview, c.sunday_overview] as overviews
) now
cross join lateral (
  select old.id is not null
         and (fitness_map.week(old.pattern::text)).overviews is not distinct from now.overviews
         and coalesce(fitness_map.json_of(old.pattern::text) ->> 'description', m.description) is not distinct from c.description as by_old_row
) said;
