-- The science-based schema as the application will own it: workouts → blocks → block exercises → set protocols, sessions →
-- exercise performances → set executions, and what is derived from them.
--
-- Columns marked plus or pro belong to a subscription tier: everybody's rows have them, the application shows them by tier.

create type science_v2.set_type_enum as enum (
  'working', 'warmup', 'dropset', 'superset', 'cluster', 'rest_pause', 'mechanical_drop', 'amrap', 'tempo', 'isometric',
  'partial', 'assisted', 'negative');
create type science_v2.workout_block_type_enum as enum (
  'straight_sets', 'superset', 'giant_set', 'circuit', 'emom', 'ladder', 'complex');
create type science_v2.rpe_scale_enum as enum ('rpe_10', 'rpe_20', 'percentage');
create type science_v2.rom_quality_enum as enum (
  'full', 'three_quarter', 'half', 'quarter', 'partial_top', 'partial_bottom', 'variable');

create table science_v2.users (
  id uuid primary key default gen_random_uuid(),
  email text unique constraint users_email_check check (email ~* '^.+@.+\..+$'),
  email_as_entered text,
  username text not null,
  training_experience varchar(20),
  primary_goals text[],
  injury_history jsonb,
  training_frequency int constraint users_training_frequency_check check (training_frequency between 1 and 14),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);

create table science_v2.user_preferences (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  preferred_units varchar(10) default 'metric',
  default_rest_seconds int default 120,
  track_rpe boolean default true,
  track_rom boolean default false,
  track_tempo boolean default false,
  workout_reminders boolean default true,
  progress_updates boolean default true,
  insight_notifications boolean default true,
  share_workouts boolean default false,
  research_participation boolean default false,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
) with (fillfactor = 90);
create unique index idx_user_preferences_user_id on science_v2.user_preferences (user_id);

create table science_v2.feature_usage (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  feature_name varchar(50) not null,
  usage_date date not null,
  usage_count int default 1,
  daily_limit int,
  monthly_limit int,
  created_at timestamptz default now()
);
create unique index idx_feature_usage_user_feature_date on science_v2.feature_usage (user_id, feature_name, usage_date);

create table science_v2.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  tier text not null default 'free',
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);
create index idx_subscriptions_user_id on science_v2.subscriptions (user_id);

create table science_v2.plans (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  name text not null,
  description text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);
create index idx_plans_user_id on science_v2.plans (user_id);

create table science_v2.exercise_catalog (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  muscle_group text,
  movement_pattern text,
  created_at timestamptz not null default now()
) with (fillfactor = 90);

create table science_v2.exercise_biomechanics (
  id uuid primary key default gen_random_uuid(),
  exercise_id uuid not null references science_v2.exercise_catalog on delete cascade,
  primary_muscles jsonb,
  secondary_muscles jsonb,
  stabilizer_muscles jsonb,
  joints_involved text[],
  movement_plane varchar(20),
  optimal_rom_degrees int,
  joint_angles jsonb,
  force_curve_type varchar(20),
  recommended_eccentric_seconds numeric(3, 1),
  recommended_pause_seconds numeric(3, 1),
  recommended_concentric_seconds numeric(3, 1),
  created_at timestamptz default now()
);
create index idx_exercise_biomechanics_exercise_id on science_v2.exercise_biomechanics (exercise_id);

create table science_v2.exercise_variations (
  id uuid primary key default gen_random_uuid(),
  parent_exercise_id uuid references science_v2.exercise_catalog on delete cascade,
  variation_exercise_id uuid references science_v2.exercise_catalog on delete cascade,
  variation_type varchar(20),
  difficulty_modifier numeric(3, 2),
  variation_factors jsonb,
  unique (parent_exercise_id, variation_exercise_id)
);
create index idx_exercise_variations_variation on science_v2.exercise_variations (variation_exercise_id);

create table science_v2.workouts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  plan_id uuid references science_v2.plans on delete set null,
  name text not null,
  notes text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 90);
create index idx_workouts_user_id on science_v2.workouts (user_id);
create index idx_workouts_plan_id on science_v2.workouts (plan_id);

create table science_v2.workout_blocks (
  id uuid primary key default gen_random_uuid(),
  workout_id uuid not null references science_v2.workouts on delete cascade,
  block_order int not null,
  block_name varchar(100),
  block_type science_v2.workout_block_type_enum not null default 'straight_sets',
  rest_between_exercises int,
  rounds int default 1,
  round_rest_seconds int,
  notes text,
  created_at timestamptz default now()
) with (fillfactor = 90);
create index idx_workout_blocks_workout_id on science_v2.workout_blocks (workout_id, block_order);

create table science_v2.workout_block_exercises (
  id uuid primary key default gen_random_uuid(),
  workout_block_id uuid not null references science_v2.workout_blocks on delete cascade,
  exercise_id uuid not null references science_v2.exercise_catalog on delete cascade,
  exercise_order int not null,
  target_sets int,
  target_reps_min int,
  target_reps_max int,
  target_weight_kg numeric(6, 2),
  target_rpe numeric(3, 1),            -- plus
  rest_after_seconds int,
  tempo_prescription varchar(20),      -- pro
  equipment_variant jsonb,             -- pro
  notes text
) with (fillfactor = 90);
create index idx_workout_block_exercises_block on science_v2.workout_block_exercises (workout_block_id, exercise_order);
create index idx_workout_block_exercises_exercise_id on science_v2.workout_block_exercises (exercise_id);

create table science_v2.set_protocols (
  id uuid primary key default gen_random_uuid(),
  workout_block_exercise_id uuid not null references science_v2.workout_block_exercises on delete cascade,
  protocol_type science_v2.set_type_enum not null,
  set_order int not null,
  protocol_data jsonb,
  created_at timestamptz default now()
) with (fillfactor = 90);
create index idx_set_protocols_exercise on science_v2.set_protocols (workout_block_exercise_id, set_order);

create table science_v2.workout_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references science_v2.users on delete set null,
  workout_id uuid not null references science_v2.workouts on delete cascade,
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  notes text
) with (fillfactor = 90);
create index idx_workout_sessions_user_id on science_v2.workout_sessions (user_id, started_at);
create index idx_workout_sessions_workout_id on science_v2.workout_sessions (workout_id);

create table science_v2.session_context (
  id uuid primary key default gen_random_uuid(),
  workout_session_id uuid not null references science_v2.workout_sessions on delete cascade,
  gym_location varchar(100),
  equipment_availability jsonb,
  crowd_level int,
  temperature_celsius int,
  sleep_hours numeric(3, 1),
  sleep_quality int,
  stress_level int,
  energy_level int,
  nutrition_timing varchar(20),
  caffeine_mg int,
  other_supplements text[],
  time_of_day time,
  days_since_last_workout int,
  created_at timestamptz default now()
);
create index idx_session_context_session on science_v2.session_context (workout_session_id);

create table science_v2.exercise_performances (
  id uuid primary key default gen_random_uuid(),
  workout_session_id uuid not null references science_v2.workout_sessions on delete cascade,
  workout_block_exercise_id uuid not null references science_v2.workout_block_exercises on delete cascade,
  performance_order int not null,
  planned_sets int,
  completed_sets int,
  total_volume_kg numeric(8, 2),
  total_reps int,
  average_rpe numeric(3, 1),           -- plus
  start_time timestamptz,
  end_time timestamptz,
  total_rest_seconds int,
  performance_notes text,
  technique_quality int,               -- pro
  created_at timestamptz default now()
) with (fillfactor = 90);
create index idx_exercise_performances_session on science_v2.exercise_performances (workout_session_id, performance_order);
create index idx_exercise_performances_block_exercise on science_v2.exercise_performances (workout_block_exercise_id);

create table science_v2.set_executions (
  id uuid primary key default gen_random_uuid(),
  exercise_performance_id uuid not null references science_v2.exercise_performances on delete cascade,
  set_protocol_id uuid references science_v2.set_protocols on delete set null,
  set_number int not null,
  set_type science_v2.set_type_enum not null default 'working',
  weight_kg numeric(6, 2),
  reps_completed int,
  reps_attempted int,
  rpe_value numeric(3, 1),                                        -- plus
  rpe_scale science_v2.rpe_scale_enum default 'rpe_10',           -- plus
  rom_quality science_v2.rom_quality_enum default 'full',         -- plus
  eccentric_seconds numeric(4, 2),                                -- pro
  pause_seconds numeric(4, 2),                                    -- pro
  concentric_seconds numeric(4, 2),                               -- pro
  partial_reps int default 0,                                     -- pro
  assisted_reps int default 0,                                    -- pro
  range_of_motion_degrees int,                                    -- pro
  rest_before_seconds int,
  rest_after_seconds int,
  equipment_modifications jsonb,
  technique_breakdown_rep int,
  pain_level int,
  start_time timestamptz,
  end_time timestamptz,
  set_notes text,
  created_at timestamptz default now()
) with (fillfactor = 90);
create index idx_set_executions_performance on science_v2.set_executions (exercise_performance_id, set_number);
create index idx_set_executions_protocol on science_v2.set_executions (set_protocol_id);

create table science_v2.volume_analytics (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  calculation_date date not null,
  period_type varchar(10) not null,
  total_volume_kg numeric(10, 2),
  total_sets int,
  total_reps int,
  average_intensity numeric(5, 2),
  volume_by_muscle_group jsonb,
  volume_by_movement jsonb,
  volume_per_hour numeric(8, 2),
  sets_per_hour numeric(6, 2),
  created_at timestamptz default now(),
  unique (user_id, calculation_date, period_type)
) with (fillfactor = 90);
create index idx_volume_analytics_user_period on science_v2.volume_analytics (user_id, period_type, calculation_date);

create table science_v2.strength_progressions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  exercise_id uuid not null references science_v2.exercise_catalog on delete cascade,
  measurement_date date not null,
  estimated_1rm_kg numeric(6, 2),
  estimation_method varchar(20),
  confidence_score numeric(3, 2),
  base_weight_kg numeric(6, 2),
  base_reps int,
  base_rpe numeric(3, 1),
  volume_pr boolean default false,
  weight_pr boolean default false,
  reps_pr boolean default false,
  created_at timestamptz default now(),
  unique (user_id, exercise_id, measurement_date)
) with (fillfactor = 90);
create index idx_strength_progressions_user_exercise on science_v2.strength_progressions (user_id, exercise_id, measurement_date);
create index idx_strength_progressions_exercise on science_v2.strength_progressions (exercise_id);

create table science_v2.insight_data_points (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  data_type varchar(50) not null,
  measurement_date date not null,
  numeric_value numeric(10, 4),
  text_value text,
  json_value jsonb,
  source_table varchar(50),
  source_id uuid,
  confidence_score numeric(3, 2),
  calculation_method varchar(50),
  created_at timestamptz default now()
);
create index idx_insight_data_points_user_type_date on science_v2.insight_data_points (user_id, data_type, measurement_date);

create table science_v2.user_insights (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references science_v2.users on delete cascade,
  insight_type varchar(50) not null,
  insight_category varchar(30),
  title varchar(200) not null,
  description text not null,
  confidence_score numeric(3, 2) not null,
  recommendations jsonb,
  supporting_data_ids uuid[],
  chart_data jsonb,
  is_read boolean default false,
  is_dismissed boolean default false,
  user_feedback int,
  valid_until date,
  created_at timestamptz default now()
);
create index idx_user_insights_user_id on science_v2.user_insights (user_id);

create view science_v2.latest_strength_estimates as
select distinct on (user_id, exercise_id) user_id, exercise_id, estimated_1rm_kg, measurement_date, confidence_score
from science_v2.strength_progressions
order by user_id, exercise_id, measurement_date desc;

-- The week of a date, not of a moment: by way of timestamptz it would depend on the reader's time zone.
create view science_v2.weekly_volume_summary as
select user_id,
       date_trunc('week', calculation_date::timestamp)::date as week_start,
       sum(total_volume_kg) as weekly_volume,
       sum(total_sets) as weekly_sets,
       avg(average_intensity) as avg_weekly_intensity
from science_v2.volume_analytics
where period_type = 'daily'
group by user_id, date_trunc('week', calculation_date::timestamp)::date;
