-- With its list, its sessions and their sets.
delete from public.workouts
where random() < 0.3 and id = (select w.id from public.workouts w where w.id >= gen_random_uuid() order by w.id limit 1);
