-- v1's shape over the new tables, for the way back. What v2 has beyond v1 is not in it: block structure, protocols, effort
-- scales and tempo stay in v2. What is derived is computed again when the move is repeated.

-- v1 knows no user without an address: who has none in v2 is called by the id.
create view science_unmap.users as
select u.id, coalesce(u.email, u.email_as_entered, u.id::text) as email, u.username, u.created_at, u.updated_at
from science_v2.users u;

create view science_unmap.subscriptions as
select s.id, s.user_id, s.tier, s.status, s.created_at at time zone 'UTC' as created_at, s.updated_at at time zone 'UTC' as updated_at
from science_v2.subscriptions s;

create view science_unmap.plans as
select p.id, p.user_id, p.name, p.description, p.created_at at time zone 'UTC' as created_at, p.updated_at at time zone 'UTC' as updated_at
from science_v2.plans p;

create view science_unmap.exercise_catalog as
select x.id, x.name, x.muscle_group, x.movement_pattern, x.created_at at time zone 'UTC' as created_at
from science_v2.exercise_catalog x;

create view science_unmap.workouts as
select w.id, w.user_id, w.plan_id, w.name, w.notes, w.created_at at time zone 'UTC' as created_at, w.updated_at at time zone 'UTC' as updated_at
from science_v2.workouts w;

-- Blocks one after the other, in one list. What was only added while training was in no list in v1.
create view science_unmap.workout_exercises as
select x.id,
       b.workout_id,
       x.exercise_id,
       case when b.block_order = 1 then x.exercise_order else b.block_order * 1000 + x.exercise_order end as "order",
       x.target_sets as sets,
       x.target_reps_min as reps
from science_v2.workout_block_exercises x
join science_v2.workout_blocks b on b.id = x.workout_block_id
where x.id <> crossfade.uuid(b.workout_id, 'added', x.exercise_id::text);

create view science_unmap.workout_sessions as
select s.id, s.user_id, s.workout_id, s.started_at at time zone 'UTC' as started_at, s.completed_at at time zone 'UTC' as completed_at, s.notes
from science_v2.workout_sessions s;

create view science_unmap.exercise_sets as
select e.id,
       p.workout_session_id as session_id,
       x.exercise_id,
       e.set_number,
       e.weight_kg as weight,
       e.reps_completed as reps,
       e.rpe_value as rpe,
       coalesce(e.end_time, e.created_at) at time zone 'UTC' as created_at
from science_v2.set_executions e
join science_v2.exercise_performances p on p.id = e.exercise_performance_id
join science_v2.workout_block_exercises x on x.id = p.workout_block_exercise_id;

-- What v2 has and v1 has no room for.
create view science_unmap.rejected_workout_block_exercises as
select x.id, 'it was added while training, and is on no list of v1' as reason
from science_v2.workout_block_exercises x
join science_v2.workout_blocks b on b.id = x.workout_block_id
where x.id = crossfade.uuid(b.workout_id, 'added', x.exercise_id::text);
