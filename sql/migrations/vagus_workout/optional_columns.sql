-- For v1 databases that never had some of the optional columns. Run it before the migration begins: a column without a default
-- is added without rewriting the table, and reads as null, for which the mapping has an answer. Can be run again.

alter table public.workout_plans
  add column if not exists description text,
  add column if not exists goal text,
  add column if not exists start_date date,
  add column if not exists duration_weeks int;

alter table public.exercises
  add column if not exists muscle_group text,
  add column if not exists day_of_week int,
  add column if not exists day_label text,
  add column if not exists rest_seconds int,
  add column if not exists notes text;

alter table public.workout_sessions
  add column if not exists user_id uuid,
  add column if not exists day_of_week int,
  add column if not exists day_label text,
  add column if not exists notes text;
