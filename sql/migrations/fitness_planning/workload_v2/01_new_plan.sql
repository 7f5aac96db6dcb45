-- A plan with its block and its first week, in one transaction.
with client as (
  select u.id from public.users u where u.id >= md5(random()::text)::uuid order by u.id limit 1 for key share
), plan as (
  insert into public.fitness_plans (client_id, program_type, goal_statement, formatted, length_weeks, start_date)
  select c.id, 'hybrid', 'Run and lift', E'# Run and lift\n\nOne block.', 4, date '2025-09-01' + (random() * 60)::int
  from client c
  returning id, client_id, start_date
), block as (
  insert into public.mesocycles (fitness_plan_id, mesocycle_index, description, microcycles, formatted, start_week, duration_weeks)
  select p.id, 0, 'Volume first', array['Week 1', 'Week 2', 'Week 3', 'Week 4'], E'# Base\n\nVolume first', 1, 4
  from plan p
)
insert into public.microcycles (user_id, fitness_plan_id, mesocycle_index, week_number, monday_overview, formatted, start_date, end_date)
select p.client_id, p.id, 0, 1, E'Upper (heavy)\nbelt', E'# Week 1\n\nUpper', p.start_date, p.start_date + 6
from plan p;
