-- Workout v1 as the application has it today: plans with a flat list of exercises. For demo and tests; production has it.

-- What Supabase provides: users, who is asking, and the role that the application's requests run as.
create schema auth;

create table auth.users (
  id uuid primary key,
  email text,
  created_at timestamptz not null default now()
);

create function auth.uid() returns uuid language sql stable as
  $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;

do $$
begin
  create role authenticated nologin;
exception when duplicate_object or unique_violation then
  null;  -- roles belong to the whole server; another database was first
end
$$;

create table public.coach_clients (
  coach_id uuid not null references auth.users on delete cascade,
  client_id uuid not null references auth.users on delete cascade,
  primary key (coach_id, client_id)
);
create index idx_coach_clients_client_id on public.coach_clients (client_id);

create table public.workout_plans (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  name text not null,
  description text,
  goal text,
  start_date date,
  duration_weeks int,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index idx_workout_plans_user_id on public.workout_plans (user_id);

create table public.exercises (
  id uuid primary key default gen_random_uuid(),
  plan_id uuid references public.workout_plans on delete cascade,
  name text not null,
  muscle_group text,
  day_of_week int,                                -- 1 Monday … 7 Sunday; some clients wrote 0 for Sunday
  day_label text,
  sets int not null default 3,
  reps_min int,
  reps_max int,
  weight numeric(7, 2),
  rest_seconds int,
  notes text,
  order_index int not null default 0
);
create index idx_exercises_plan_id on public.exercises (plan_id);

create table public.workout_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  plan_id uuid references public.workout_plans on delete cascade,
  day_of_week int,
  day_label text,
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  notes text
);
create index idx_workout_sessions_user_id on public.workout_sessions (user_id, started_at);
create index idx_workout_sessions_plan_id on public.workout_sessions (plan_id);

create table public.exercise_logs (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references public.workout_sessions on delete cascade,
  exercise_id uuid references public.exercises on delete cascade,
  set_number int not null,
  reps int,
  weight numeric(7, 2),
  completed_at timestamptz not null default now()
);
create index idx_exercise_logs_session_id on public.exercise_logs (session_id);
create index idx_exercise_logs_exercise_id on public.exercise_logs (exercise_id);

create table public.notification_preferences (
  user_id uuid primary key references auth.users on delete cascade,
  preferences jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table public.workout_templates (
  id uuid primary key default gen_random_uuid(),
  coach_id uuid not null,
  name text not null,
  description text,
  structure jsonb not null default '[]',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index idx_workout_templates_coach_id on public.workout_templates (coach_id);

-- An exercise's days are found by its plan_id, which is not its key: only the whole old row tells which plan it left.
alter table public.exercises replica identity full;
-- Not required: with the whole old row a change of a plan's name or a session's notes is known to touch nothing else, and
-- days, sessions and logs are not looked at.
alter table public.workout_plans replica identity full;
alter table public.workout_sessions replica identity full;

alter table public.coach_clients enable row level security;
alter table public.workout_plans enable row level security;
alter table public.exercises enable row level security;
alter table public.workout_sessions enable row level security;
alter table public.exercise_logs enable row level security;
alter table public.notification_preferences enable row level security;
alter table public.workout_templates enable row level security;

create policy "Coaches and clients see their relationship" on public.coach_clients for select
  using ((select auth.uid()) in (coach_id, client_id));
create policy "Users have their own plans" on public.workout_plans
  using (user_id = (select auth.uid()));
create policy "Coaches have their clients' plans" on public.workout_plans
  using (user_id = any (array(select c.client_id from public.coach_clients c where c.coach_id = (select auth.uid()))));
create policy "Who has a plan has its exercises" on public.exercises
  using (exists (select from public.workout_plans p where p.id = plan_id));
create policy "Users have their own sessions" on public.workout_sessions
  using (user_id = (select auth.uid()));
create policy "Who has a session has its logs" on public.exercise_logs
  using (exists (select from public.workout_sessions s where s.id = session_id));
create policy "Users have their own preferences" on public.notification_preferences
  using (user_id = (select auth.uid()));
create policy "Coaches have their own templates" on public.workout_templates
  using (coach_id = (select auth.uid()));

grant usage on schema auth, public to authenticated;
grant select on public.coach_clients to authenticated;
grant select, insert, update, delete on public.workout_plans, public.exercises, public.workout_sessions, public.exercise_logs,
  public.notification_preferences, public.workout_templates to authenticated;
