-- With workouts, sessions and sets; of sessions in others' workouts only the name goes.
delete from public.users where random() < 0.1 and id = (select u.id from public.users u order by random() limit 1);
