-- Workout v2 as the application will own it: plans → weeks → days → exercises.
--
-- Foreign keys stay inside this schema. One to auth.users with a cascade would delete rows here by itself, and a deleted
-- user's rows go anyway once v1 has none; the application may add it when v2 is the owner.

create table workout_v2.workout_plans (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  name text not null,
  description text,
  goal text not null default 'general_fitness',
  total_weeks int not null default 4 check (total_weeks between 1 and 104),
  current_week int not null default 1 check (current_week between 1 and total_weeks),
  status text not null default 'active' check (status in ('draft', 'active', 'completed', 'archived')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);
create index idx_workout_plans_user_id on workout_v2.workout_plans (user_id);

create table workout_v2.workout_weeks (
  id uuid primary key default gen_random_uuid(),
  plan_id uuid not null references workout_v2.workout_plans on delete cascade,
  week_number int not null check (week_number >= 1),
  start_date date,
  end_date date,
  check (end_date >= start_date)
) with (fillfactor = 90);
create unique index idx_workout_weeks_plan_id on workout_v2.workout_weeks (plan_id, week_number);

-- No unique constraint on day_number: renumbering a week's days would meet itself half way.
create table workout_v2.workout_days (
  id uuid primary key default gen_random_uuid(),
  week_id uuid not null references workout_v2.workout_weeks on delete cascade,
  day_number int not null check (day_number >= 1),
  day_of_week int check (day_of_week between 1 and 7),
  day_label text not null,
  muscle_groups text[] not null default '{}',
  estimated_duration int check (estimated_duration > 0),
  notes text
) with (fillfactor = 90);
create index idx_workout_days_week_id on workout_v2.workout_days (week_id, day_number);

-- Supersets and circuits, new in v2: nothing in v1 fills them.
create table workout_v2.exercise_groups (
  id uuid primary key default gen_random_uuid(),
  day_id uuid not null references workout_v2.workout_days on delete cascade,
  group_type text not null default 'superset' check (group_type in ('superset', 'circuit', 'giant_set', 'drop_set')),
  rounds int not null default 1 check (rounds >= 1),
  order_index int not null default 0
);
create index idx_exercise_groups_day_id on workout_v2.exercise_groups (day_id);

-- sets, reps and weights are not checked: v1 has never been, and its rows come over as they are. The data-quality checks
-- count the impossible ones; once they are mended the application may add constraints.
create table workout_v2.exercises (
  id uuid primary key default gen_random_uuid(),
  day_id uuid not null references workout_v2.workout_days on delete cascade,
  group_id uuid references workout_v2.exercise_groups on delete set null,
  name text not null,
  muscle_group text,
  sets int not null default 3,
  target_reps_min int,
  target_reps_max int,
  target_weight numeric(7, 2),
  target_rpe_min numeric(3, 1) check (target_rpe_min between 1 and 10),
  target_rpe_max numeric(3, 1) check (target_rpe_max between 1 and 10),
  rest_seconds int not null default 90,
  tempo text,
  notes text,
  video_url text,
  order_index int not null default 0
) with (fillfactor = 90);
create index idx_exercises_day_id on workout_v2.exercises (day_id, order_index);
create index idx_exercises_group_id on workout_v2.exercises (group_id) where group_id is not null;

-- History outlives a day that is taken out of a plan; it goes with the plan, as in v1.
create table workout_v2.workout_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  plan_id uuid references workout_v2.workout_plans on delete cascade,
  day_id uuid references workout_v2.workout_days on delete set null,
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  notes text
) with (fillfactor = 90);
create index idx_workout_sessions_user_id on workout_v2.workout_sessions (user_id, started_at);
create index idx_workout_sessions_plan_id on workout_v2.workout_sessions (plan_id);
create index idx_workout_sessions_day_id on workout_v2.workout_sessions (day_id);

create table workout_v2.exercise_logs (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references workout_v2.workout_sessions on delete cascade,
  exercise_id uuid references workout_v2.exercises on delete cascade,
  set_number int not null,
  reps int,
  weight numeric(7, 2),
  rpe numeric(3, 1) check (rpe between 1 and 10),
  rest_seconds int,
  notes text,
  completed_at timestamptz not null default now()
) with (fillfactor = 90);
create index idx_exercise_logs_session_id on workout_v2.exercise_logs (session_id);
create index idx_exercise_logs_exercise_id on workout_v2.exercise_logs (exercise_id);

create table workout_v2.notification_preferences (
  user_id uuid primary key,
  preferences jsonb not null check (jsonb_typeof(preferences) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);

create table workout_v2.workout_templates (
  id uuid primary key default gen_random_uuid(),
  coach_id uuid not null,
  name text not null,
  description text,
  structure jsonb not null default '[]',
  needs_review boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);
create index idx_workout_templates_coach_id on workout_v2.workout_templates (coach_id);
create index idx_workout_templates_needs_review on workout_v2.workout_templates (coach_id) where needs_review;

-- For the way back: a plan of v1 shows when its first week begins, and only the whole old row tells which plan a week left.
alter table workout_v2.workout_weeks replica identity full;
-- Not required: with the whole old row a day's new notes or a plan's new name are known to concern no exercise and no session.
alter table workout_v2.workout_days replica identity full;
alter table workout_v2.workout_plans replica identity full;

alter table workout_v2.workout_plans enable row level security;
alter table workout_v2.workout_weeks enable row level security;
alter table workout_v2.workout_days enable row level security;
alter table workout_v2.exercise_groups enable row level security;
alter table workout_v2.exercises enable row level security;
alter table workout_v2.workout_sessions enable row level security;
alter table workout_v2.exercise_logs enable row level security;
alter table workout_v2.notification_preferences enable row level security;
alter table workout_v2.workout_templates enable row level security;

-- Below a plan and below a session nothing has an owner of its own: a subquery in a policy sees what the policies of its
-- table let through, so who has the parent has the child. An exists and an array, not an in: they let a query for one day or
-- one user's plans use an index.
create policy "Users have their own plans" on workout_v2.workout_plans
  using (user_id = (select auth.uid()));
create policy "Coaches have their clients' plans" on workout_v2.workout_plans
  using (user_id = any (array(select c.client_id from public.coach_clients c where c.coach_id = (select auth.uid()))));
create policy "Who has a plan has its weeks" on workout_v2.workout_weeks
  using (exists (select from workout_v2.workout_plans p where p.id = plan_id));
create policy "Who has a week has its days" on workout_v2.workout_days
  using (exists (select from workout_v2.workout_weeks w where w.id = week_id));
create policy "Who has a day has its groups" on workout_v2.exercise_groups
  using (exists (select from workout_v2.workout_days d where d.id = day_id));
create policy "Who has a day has its exercises" on workout_v2.exercises
  using (exists (select from workout_v2.workout_days d where d.id = day_id));
create policy "Users have their own sessions" on workout_v2.workout_sessions
  using (user_id = (select auth.uid()));
create policy "Who has a session has its logs" on workout_v2.exercise_logs
  using (exists (select from workout_v2.workout_sessions s where s.id = session_id));
create policy "Users have their own preferences" on workout_v2.notification_preferences
  using (user_id = (select auth.uid()));
create policy "Coaches have their own templates" on workout_v2.workout_templates
  using (coach_id = (select auth.uid()));

grant usage on schema workout_v2 to authenticated;
grant select, insert, update, delete on all tables in schema workout_v2 to authenticated;
