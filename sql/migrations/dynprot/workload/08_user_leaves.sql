-- The exports stay, and nobody's they are.
delete from public.users where random() < 0.3 and id = (select u.id from public.users u order by random() limit 1);
