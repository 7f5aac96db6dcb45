-- Rows of v1 that cannot be read, each with the reason. What stands here does not stand in the mapping, and the other way
-- round; once the row is mended it comes over by itself.

create view fitness_map.rejected_fitness_plans as
select p.id, f.fault as reason
from public.fitness_plans p
cross join lateral fitness_map.plan_fault(p.mesocycles::text) f (fault)
where f.fault is not null;

create view fitness_map.rejected_microcycles as
select c.id, case when f.fault is not null then 'its plan cannot be read' else w.fault end as reason
from public.microcycles c
join public.fitness_plans p on p.id = c.fitness_plan_id
cross join lateral fitness_map.plan_fault(p.mesocycles::text) f (fault)
cross join lateral fitness_map.pattern_fault(c.pattern::text) w (fault)
where f.fault is not null or w.fault is not null;
