-- Fitness planning v2 as the application will own it: mesocycles have a table, days have columns, and what people read is
-- there as Markdown.
--
-- Foreign keys stay inside this schema. One to users with a cascade would delete rows here by itself, and a deleted user's
-- rows go anyway once v1 has none; the application may add it when v2 is the owner.

-- mesocycles stays as it was written; what v2 works with is the rows of the table of that name.
create table fitness_v2.fitness_plans (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  program_type text not null,
  goal_statement text,
  formatted text not null,
  mesocycles text,
  length_weeks int,
  start_date date not null,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);
create index idx_fitness_plans_client on fitness_v2.fitness_plans (client_id, start_date);

create table fitness_v2.mesocycles (
  id uuid primary key default gen_random_uuid(),
  fitness_plan_id uuid not null references fitness_v2.fitness_plans on delete cascade,
  mesocycle_index int not null check (mesocycle_index >= 0),
  description text not null,
  microcycles text[] not null default '{}',       -- a text for each week
  formatted text not null,
  start_week int not null check (start_week >= 1),  -- of the plan
  duration_weeks int not null check (duration_weeks >= 1),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (fitness_plan_id, mesocycle_index)
) with (fillfactor = 90);
create index idx_mesocycles_start_week on fitness_v2.mesocycles (fitness_plan_id, start_week);

create table fitness_v2.microcycles (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  fitness_plan_id uuid not null references fitness_v2.fitness_plans on delete cascade,
  mesocycle_index int not null,
  week_number int not null,
  description text,
  is_deload boolean not null default false,
  monday_overview text,
  tuesday_overview text,
  wednesday_overview text,
  thursday_overview text,
  friday_overview text,
  saturday_overview text,
  sunday_overview text,
  formatted text not null,
  start_date date not null,
  end_date date not null,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);
create unique index microcycles_unique_week on fitness_v2.microcycles (fitness_plan_id, user_id, mesocycle_index, week_number);
create index microcycles_active_user on fitness_v2.microcycles (user_id, is_active);

-- For the way back: v1's plans list their mesocycles, and only the whole old row tells which plan one left.
alter table fitness_v2.mesocycles replica identity full;
