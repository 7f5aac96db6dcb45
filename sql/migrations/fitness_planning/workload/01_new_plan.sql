-- A plan and its first week, in one transaction.
with client as (
  select u.id from public.users u where u.id >= md5(random()::text)::uuid order by u.id limit 1 for key share
), plan as (
  insert into public.fitness_plans (client_id, program_type, goal_statement, overview, mesocycles, length_weeks, start_date)
  select c.id, 'hybrid', 'Run and lift', 'Two blocks.',
         '[{"name": "Base", "weeks": 3, "focus": ["volume"], "deload": true}, {"name": "Build", "weeks": 4, "focus": [], "deload": false}]', 7,
         date '2025-09-01' + (random() * 60)::int
  from client c
  returning id, client_id, start_date
)
insert into public.microcycles (user_id, fitness_plan_id, mesocycle_index, week_number, pattern, start_date, end_date)
select p.client_id, p.id, 0, 1, '{"days": [{"day": "MONDAY", "theme": "Upper", "load": "heavy"}, {"day": "THURSDAY", "theme": "Run"}]}',
       p.start_date, p.start_date + 6
from plan p;
