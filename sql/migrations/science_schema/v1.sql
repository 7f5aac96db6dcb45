-- The workout logger before the move: plans, workouts with their exercises, sessions with their sets. Most timestamps have
-- no time zone; the servers that wrote them ran on UTC.

create table public.users (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  username text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users on delete cascade,
  tier text not null default 'free',
  status text not null default 'active',
  created_at timestamp not null default (now() at time zone 'UTC'),
  updated_at timestamp not null default (now() at time zone 'UTC')
);
create index idx_subscriptions_user_id on public.subscriptions (user_id);

create table public.plans (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users on delete cascade,
  name text not null,
  description text,
  created_at timestamp not null default (now() at time zone 'UTC'),
  updated_at timestamp not null default (now() at time zone 'UTC')
);
create index idx_plans_user_id on public.plans (user_id);

create table public.exercise_catalog (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  muscle_group text,
  movement_pattern text,
  created_at timestamp not null default (now() at time zone 'UTC')
);

create table public.workouts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users on delete cascade,
  plan_id uuid references public.plans on delete set null,
  name text not null,
  notes text,
  created_at timestamp not null default (now() at time zone 'UTC'),
  updated_at timestamp not null default (now() at time zone 'UTC')
);
create index idx_workouts_user_id on public.workouts (user_id);
create index idx_workouts_plan_id on public.workouts (plan_id);

create table public.workout_exercises (
  id uuid primary key default gen_random_uuid(),
  workout_id uuid not null references public.workouts on delete cascade,
  exercise_id uuid not null references public.exercise_catalog,
  "order" int not null default 1,
  sets int,
  reps int
);
create index idx_workout_exercises_workout_id on public.workout_exercises (workout_id);
create index idx_workout_exercises_exercise_id on public.workout_exercises (exercise_id);

create table public.workout_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.users on delete set null,
  workout_id uuid not null references public.workouts on delete cascade,
  started_at timestamp not null default (now() at time zone 'UTC'),
  completed_at timestamp,
  notes text
);
create index idx_workout_sessions_user_id on public.workout_sessions (user_id, started_at);
create index idx_workout_sessions_workout_id on public.workout_sessions (workout_id);

-- What was done need not be what was planned: a set names its exercise and not the workout's line.
create table public.exercise_sets (
  id uuid primary key default gen_random_uuid(),
  session_id uuid references public.workout_sessions on delete cascade,
  exercise_id uuid not null references public.exercise_catalog,
  set_number int not null default 1,
  weight numeric(6, 2),
  reps int,
  rpe numeric(3, 1),
  created_at timestamp not null default (now() at time zone 'UTC')
);
create index idx_exercise_sets_session_id on public.exercise_sets (session_id);
create index idx_exercise_sets_exercise_id on public.exercise_sets (exercise_id);

-- Sums and records are found by columns that are no keys here: only the whole old row tells which day, which exercise and
-- which workout a row has left.
alter table public.exercise_sets replica identity full;
alter table public.workout_sessions replica identity full;
alter table public.workout_exercises replica identity full;
-- Not required: with the whole old row a new name is known to change no muscle group, and no day is computed again.
alter table public.exercise_catalog replica identity full;
alter table public.workouts replica identity full;
alter table public.users replica identity full;
