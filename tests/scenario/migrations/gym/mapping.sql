create view gym_map.plans as
select id, owner from public.plans;

create view gym_map.weeks as
select p.id as plan_id, w.number from public.plans p cross join lateral generate_series(1, p.duration) as w(number);

create view gym_map.exercises as
select e.id, e.plan_id, p.owner, e.title from public.exercises e join public.plans p on p.id = e.plan_id;
