-- The old tables in the shape of the new: one view per table of v2 that v1 has something for.
--
-- Everything derived from sets is grouped by the columns that conditions travel along: the session, the user and the day,
-- the user and the exercise. So a key's rows are computed from its own sets alone, found by index.

-- A set counts if it was done at all and its load is possible. Others come over as they are and count in nothing.
create function science_map.counts(reps int, weight numeric) returns boolean
language sql immutable parallel safe as $$
  select coalesce(reps > 0 and coalesce(weight, 0) >= 0, false)
$$;

-- Kilograms moved. A set without weight was done with the body's own, which nobody has weighed.
create function science_map.volume(reps int, weight numeric) returns numeric
language sql immutable parallel safe as $$
  select reps * coalesce(weight, 0)
$$;

-- Epley's formula is about more than one repetition; a single one is a measurement.
create function science_map.estimated_1rm(reps int, weight numeric) returns numeric
language sql immutable parallel safe as $$
  select case when weight > 0 then round(case when reps > 1 then weight * (1 + reps / 30.0) else weight end, 2) end
$$;

-- The more repetitions, the less they say about one.
create function science_map.confidence(reps int) returns numeric(3, 2)
language sql immutable parallel safe as $$
  select case when reps <= 1 then 1.00 when reps <= 5 then 0.95 when reps <= 10 then 0.85 when reps <= 15 then 0.70 else 0.50 end
$$;

-- v1 asked for effort without saying on which scale: Borg's goes to 20, what is above can only be a percentage.
create function science_map.rpe_scale(rpe numeric) returns science_v2.rpe_scale_enum
language sql immutable parallel safe as $$
  select case when rpe > 20 then 'percentage' when rpe > 10 then 'rpe_20' else 'rpe_10' end::science_v2.rpe_scale_enum
$$;

-- Nobody does a hundred sets of one exercise; a slip of the keyboard must not make millions of rows.
create function science_map.planned_sets(sets int) returns int
language sql immutable parallel safe as $$
  select least(greatest(coalesce(sets, 0), 0), 100)
$$;

-- 1 … planned sets. Not generate_series, of which the planner expects 1,000 rows: its estimate of the whole tells how long
-- a backfill will take.
create function science_map.set_orders(sets int) returns setof int
language plpgsql immutable parallel safe rows 4 as $$
begin
  return query select generate_series(1, science_map.planned_sets(sets));
end
$$;

-- {"chest": 1200.00}: kilograms by name, without names that moved none.
create function science_map.volume_by(names text[], kilograms numeric[]) returns jsonb
language sql immutable parallel safe as $$
  select coalesce(jsonb_object_agg(s.name, s.kilograms), '{}')
  from (select coalesce(u.name, 'unknown') as name, sum(u.kilograms) as kilograms
        from unnest(names, kilograms) u (name, kilograms) group by 1 having sum(u.kilograms) > 0) s
$$;

-- A number for a day that does not depend on how dates are printed.
create function science_map.day_number(day date) returns text
language sql immutable parallel safe as $$
  select (day - date '2000-01-01')::text
$$;

-- v2 refuses what is no address; such a one is kept beside, because an account without it could not be told from others.
create view science_map.users as
select u.id,
       case when u.email ~* '^.+@.+\..+$' then u.email end as email,
       case when u.email !~* '^.+@.+\..+$' then u.email end as email_as_entered,
       u.username,
       null::varchar(20) as training_experience,
       null::text[] as primary_goals,
       null::jsonb as injury_history,
       null::int as training_frequency,
       u.created_at,
       u.updated_at
from public.users u;

create view science_map.user_preferences as
select crossfade.uuid(u.id, 'preferences') as id,
       u.id as user_id,
       'metric'::varchar(10) as preferred_units,
       120 as default_rest_seconds,
       true as track_rpe,
       false as track_rom,
       false as track_tempo,
       true as workout_reminders,
       true as progress_updates,
       true as insight_notifications,
       false as share_workouts,
       false as research_participation,
       u.created_at,
       u.created_at as updated_at
from public.users u;

create view science_map.subscriptions as
select s.id, s.user_id, s.tier, s.status, s.created_at at time zone 'UTC' as created_at, s.updated_at at time zone 'UTC' as updated_at
from public.subscriptions s;

create view science_map.plans as
select p.id, p.user_id, p.name, p.description, p.created_at at time zone 'UTC' as created_at, p.updated_at at time zone 'UTC' as updated_at
from public.plans p;

create view science_map.exercise_catalog as
select x.id, x.name, x.muscle_group, x.movement_pattern, x.created_at at time zone 'UTC' as created_at
from public.exercise_catalog x;

create view science_map.workouts as
select w.id, w.user_id, w.plan_id, w.name, w.notes, w.created_at at time zone 'UTC' as created_at, w.updated_at at time zone 'UTC' as updated_at
from public.workouts w;

-- Exercises that were trained in a workout without being in its list.
create view science_map.added_exercises as
select s.workout_id, e.exercise_id, min(e.created_at) as first_at
from public.workout_sessions s
join public.exercise_sets e on e.session_id = s.id
where not exists (select from public.workout_exercises x where x.workout_id = s.workout_id and x.exercise_id = e.exercise_id)
group by s.workout_id, e.exercise_id;

-- One block for what was planned, a second for what was added, where anything was.
create view science_map.workout_blocks as
select crossfade.uuid(b.workout_id, 'block', b.kind) as id,
       b.workout_id,
       b.block_order,
       b.block_name::varchar(100) as block_name,
       'straight_sets'::science_v2.workout_block_type_enum as block_type,
       null::int as rest_between_exercises,
       1 as rounds,
       null::int as round_rest_seconds,
       null::text as notes,
       b.created_at at time zone 'UTC' as created_at
from (
  select w.id as workout_id, 'main' as kind, 1 as block_order, 'Main Block' as block_name, w.created_at
  from public.workouts w
  union all
  select a.workout_id, 'added', 2, 'Added Exercises', min(a.first_at)
  from science_map.added_exercises a
  group by a.workout_id
) b;

create view science_map.workout_block_exercises as
select b.id,
       crossfade.uuid(b.workout_id, 'block', b.kind) as workout_block_id,
       b.exercise_id,
       b.exercise_order,
       b.sets as target_sets,
       b.reps as target_reps_min,
       b.reps as target_reps_max,
       null::numeric(6, 2) as target_weight_kg,
       null::numeric(3, 1) as target_rpe,
       null::int as rest_after_seconds,
       null::varchar(20) as tempo_prescription,
       null::jsonb as equipment_variant,
       null::text as notes,
       b.workout_id
from (
  select x.id, x.workout_id, 'main' as kind, x.exercise_id, x."order" as exercise_order, x.sets, x.reps
  from public.workout_exercises x
  union all
  select crossfade.uuid(a.workout_id, 'added', a.exercise_id::text), a.workout_id, 'added', a.exercise_id,
         row_number() over (partition by a.workout_id order by a.first_at, a.exercise_id)::int, null, null
  from science_map.added_exercises a
) b;

create view science_map.set_protocols as
select crossfade.uuid(x.id, 'protocol', n.set_order::text) as id,
       x.id as workout_block_exercise_id,
       'working'::science_v2.set_type_enum as protocol_type,
       n.set_order,
       case when x.reps is not null then jsonb_build_object('reps', x.reps) else '{}' end as protocol_data,
       w.created_at at time zone 'UTC' as created_at,
       x.workout_id
from public.workout_exercises x
join public.workouts w on w.id = x.workout_id
cross join lateral science_map.set_orders(x.sets) n (set_order);

create view science_map.workout_sessions as
select s.id, s.user_id, s.workout_id, s.started_at at time zone 'UTC' as started_at, s.completed_at at time zone 'UTC' as completed_at, s.notes
from public.workout_sessions s;

-- The line of the workout that a set was done for: the first one with its exercise. Where there is none, the added one.
create view science_map.exercise_performances as
select crossfade.uuid(p.session_id, 'performance', p.exercise_id::text) as id,
       p.session_id as workout_session_id,
       coalesce(line.id, crossfade.uuid(s.workout_id, 'added', p.exercise_id::text)) as workout_block_exercise_id,
       row_number() over (partition by p.session_id order by p.first_at, p.exercise_id)::int as performance_order,
       line.sets as planned_sets,
       p.completed_sets,
       p.total_volume_kg::numeric(8, 2) as total_volume_kg,
       p.total_reps,
       p.average_rpe::numeric(3, 1) as average_rpe,
       p.first_at at time zone 'UTC' as start_time,
       p.last_at at time zone 'UTC' as end_time,
       null::int as total_rest_seconds,
       null::text as performance_notes,
       null::int as technique_quality,
       p.first_at at time zone 'UTC' as created_at
from (
  select e.session_id,
         e.exercise_id,
         min(e.created_at) as first_at,
         max(e.created_at) as last_at,
         (count(*) filter (where science_map.counts(e.reps, e.weight)))::int as completed_sets,
         coalesce(sum(science_map.volume(e.reps, e.weight)) filter (where science_map.counts(e.reps, e.weight)), 0) as total_volume_kg,
         coalesce(sum(e.reps) filter (where science_map.counts(e.reps, e.weight)), 0)::int as total_reps,
         round(avg(e.rpe) filter (where e.rpe <= 10), 1) as average_rpe
  from public.exercise_sets e
  group by e.session_id, e.exercise_id
) p
join public.workout_sessions s on s.id = p.session_id
left join lateral (
  select x.id, x.sets from public.workout_exercises x
  where x.workout_id = s.workout_id and x.exercise_id = p.exercise_id
  order by x."order", x.id limit 1
) line on true;

create view science_map.set_executions as
select e.id,
       crossfade.uuid(e.session_id, 'performance', e.exercise_id::text) as exercise_performance_id,
       case when e.set_number between 1 and science_map.planned_sets(line.sets)
            then crossfade.uuid(line.id, 'protocol', e.set_number::text) end as set_protocol_id,
       e.set_number,
       'working'::science_v2.set_type_enum as set_type,
       e.weight as weight_kg,
       e.reps as reps_completed,
       null::int as reps_attempted,
       e.rpe as rpe_value,
       science_map.rpe_scale(e.rpe) as rpe_scale,
       'full'::science_v2.rom_quality_enum as rom_quality,
       null::numeric(4, 2) as eccentric_seconds,
       null::numeric(4, 2) as pause_seconds,
       null::numeric(4, 2) as concentric_seconds,
       0 as partial_reps,
       0 as assisted_reps,
       null::int as range_of_motion_degrees,
       null::int as rest_before_seconds,
       null::int as rest_after_seconds,
       null::jsonb as equipment_modifications,
       null::int as technique_breakdown_rep,
       null::int as pain_level,
       null::timestamptz as start_time,
       e.created_at at time zone 'UTC' as end_time,
       null::text as set_notes,
       e.created_at at time zone 'UTC' as created_at
from public.exercise_sets e
join public.workout_sessions s on s.id = e.session_id
left join lateral (
  select x.id, x.sets from public.workout_exercises x
  where x.workout_id = s.workout_id and x.exercise_id = e.exercise_id
  order by x."order", x.id limit 1
) line on true;

-- The day is the one on which the session began, by UTC. Hours are those of sessions that lasted five minutes to twelve
-- hours: others were never closed, or opened by mistake.
create view science_map.volume_analytics as
select crossfade.uuid(d.user_id, 'volume', 'daily', science_map.day_number(d.calculation_date)) as id,
       d.user_id,
       d.calculation_date,
       'daily'::varchar(10) as period_type,
       d.volume::numeric(10, 2) as total_volume_kg,
       d.sets as total_sets,
       d.reps as total_reps,
       round(d.volume / nullif(d.loaded_reps, 0), 2)::numeric(5, 2) as average_intensity,
       science_map.volume_by(d.muscle_groups, d.volumes) as volume_by_muscle_group,
       science_map.volume_by(d.movements, d.volumes) as volume_by_movement,
       round(d.volume / time.hours, 2)::numeric(8, 2) as volume_per_hour,
       round(d.sets / time.hours, 2)::numeric(6, 2) as sets_per_hour,
       d.first_at at time zone 'UTC' as created_at
from (
  select s.user_id,
         s.started_at::date as calculation_date,
         sum(science_map.volume(e.reps, e.weight)) as volume,
         count(*)::int as sets,
         sum(e.reps)::int as reps,
         sum(e.reps) filter (where e.weight > 0) as loaded_reps,
         array_agg(x.muscle_group) as muscle_groups,
         array_agg(x.movement_pattern) as movements,
         array_agg(science_map.volume(e.reps, e.weight)) as volumes,
         min(s.started_at) as first_at
  from public.workout_sessions s
  join public.exercise_sets e on e.session_id = s.id
  join public.exercise_catalog x on x.id = e.exercise_id
  where s.user_id is not null and science_map.counts(e.reps, e.weight)
  group by s.user_id, s.started_at::date
) d
left join lateral (
  select sum(extract(epoch from t.completed_at - t.started_at)) / 3600 as hours
  from public.workout_sessions t
  where t.user_id = d.user_id and t.started_at >= d.calculation_date and t.started_at < d.calculation_date + 1
    and t.completed_at - t.started_at between interval '5 minutes' and interval '12 hours'
) time on true;

-- A day's best set by its estimate, and whether the day beat all before it. The first day is where one starts from and no
-- record. A set that arrives late, changes or goes changes the days after it too: the whole history of one user with one
-- exercise is one key.
create view science_map.strength_progressions as
select crossfade.uuid(d.user_id, 'strength', d.exercise_id::text, science_map.day_number(d.measurement_date)) as id,
       d.user_id,
       d.exercise_id,
       d.measurement_date,
       science_map.estimated_1rm(d.base_reps, d.base_weight)::numeric(6, 2) as estimated_1rm_kg,
       case when d.base_weight > 0 then case when d.base_reps > 1 then 'epley' else 'measured' end end::varchar(20) as estimation_method,
       case when d.base_weight > 0 then science_map.confidence(d.base_reps) end::numeric(3, 2) as confidence_score,
       d.base_weight as base_weight_kg,
       d.base_reps,
       d.base_rpe,
       coalesce(d.volume > max(d.volume) over earlier, false) as volume_pr,
       coalesce(d.weight > max(d.weight) over earlier, false) as weight_pr,
       coalesce(d.reps > max(d.reps) over earlier, false) as reps_pr,
       d.first_at at time zone 'UTC' as created_at
from (
  select s.user_id,
         e.exercise_id,
         s.started_at::date as measurement_date,
         sum(science_map.volume(e.reps, e.weight)) as volume,
         max(e.weight) as weight,
         max(e.reps) as reps,
         (array_agg(e.weight order by science_map.estimated_1rm(e.reps, e.weight) desc nulls last, e.weight desc nulls last, e.reps desc, e.id))[1]
           ::numeric(6, 2) as base_weight,
         (array_agg(e.reps order by science_map.estimated_1rm(e.reps, e.weight) desc nulls last, e.weight desc nulls last, e.reps desc, e.id))[1]
           as base_reps,
         (array_agg(e.rpe order by science_map.estimated_1rm(e.reps, e.weight) desc nulls last, e.weight desc nulls last, e.reps desc, e.id))[1]
           ::numeric(3, 1) as base_rpe,
         min(s.started_at) as first_at
  from public.workout_sessions s
  join public.exercise_sets e on e.session_id = s.id
  where s.user_id is not null and science_map.counts(e.reps, e.weight)
  group by s.user_id, e.exercise_id, s.started_at::date
) d
window earlier as (partition by d.user_id, d.exercise_id order by d.measurement_date
                   rows between unbounded preceding and 1 preceding);
