-- A session was somebody else's, or nobody's.
update public.workout_sessions
set user_id = case when random() < 0.8 then (select u.id from public.users u order by random() limit 1) end
where id = (select s.id from public.workout_sessions s where s.id >= gen_random_uuid() order by s.id limit 1);
