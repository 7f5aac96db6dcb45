-- A week that was planned under the wrong plan: the mesocycles of both quote another text.
with plan as (
  select p.id, p.client_id from public.fitness_plans p where p.id >= md5(random()::text)::uuid order by p.id limit 1 for key share
)
update public.microcycles c set fitness_plan_id = p.id, user_id = p.client_id
from plan p
where c.id = (select x.id from public.microcycles x where x.id >= md5(random()::text)::uuid order by x.id limit 1)
  and not exists (select from public.microcycles o
                  where o.fitness_plan_id = p.id and o.user_id = p.client_id
                    and o.mesocycle_index = c.mesocycle_index and o.week_number = c.week_number);
