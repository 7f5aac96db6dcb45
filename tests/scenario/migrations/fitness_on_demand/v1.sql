-- Fitness planning v1 as the application has it today: a plan keeps its mesocycles, and a week its days, as JSON that an
-- agent once wrote. For demo and tests; production has it.

create table public.users (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  phone_number text not null unique,
  timezone text not null default 'America/New_York',
  created_at timestamptz not null default now()
);

-- mesocycles and pattern are text here, because whatever came was stored. The mapping casts them to text, so json and jsonb
-- columns do as well.
create table public.fitness_plans (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.users on delete cascade,
  program_type text not null,
  goal_statement text,
  overview text,
  plan_description text,
  reasoning text,
  mesocycles text,                                -- [{"name": …, "weeks": 4, "focus": […], "deload": true}, …]
  length_weeks int,
  start_date date not null,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index idx_fitness_plans_client on public.fitness_plans (client_id, start_date);

create table public.microcycles (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users on delete cascade,
  fitness_plan_id uuid not null references public.fitness_plans on delete cascade,
  mesocycle_index int not null,                   -- place in the plan's list, from 0
  week_number int not null,                       -- within the mesocycle, from 1
  pattern text not null default '{}',             -- {"days": [{"day": "MONDAY", "theme": …, "load": …, "notes": …}, …]}
  start_date date not null,
  end_date date not null,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index microcycles_unique_week on public.microcycles (fitness_plan_id, user_id, mesocycle_index, week_number);
create index microcycles_active_user on public.microcycles (user_id, is_active);

-- A plan's mesocycles quote its weeks: only the old row tells which plan a week left. With the whole old row at hand a change
-- of a plan's notes is known to touch nothing else.
alter table public.microcycles replica identity full;
alter table public.fitness_plans replica identity full;
