-- With its sets, in one transaction.
delete from public.workout_sessions
where id = (select s.id from public.workout_sessions s where s.id >= gen_random_uuid() order by s.id limit 1);
