-- The old plan goes and a new one comes, in one transaction, as the agent does it.
with old as (
  delete from public.fitness_plans p
  where p.id = (select x.id from public.fitness_plans x where x.id >= md5(random()::text)::uuid order by x.id limit 1)
  returning p.*
)
insert into public.fitness_plans (client_id, program_type, goal_statement, overview, plan_description, mesocycles, length_weeks, start_date)
select o.client_id, o.program_type, o.goal_statement, 'Regenerated', o.plan_description, o.mesocycles, o.length_weeks, current_date
from old o;
