create view gym_unmap.plans as
select p.id, p.owner, (select count(*)::int from gym_v2.weeks w where w.plan_id = p.id) as duration from gym_v2.plans p;

-- v2 has no day: old exercises keep theirs.
create view gym_unmap.exercises as
select e.id, e.plan_id, e.title::text as title from gym_v2.exercises e;
