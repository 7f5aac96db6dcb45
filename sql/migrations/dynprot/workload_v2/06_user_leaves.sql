-- With profile, meals and favorites.
delete from public.users u
where random() < 0.2 and u.id = (select p.user_id from public.user_profiles p order by random() limit 1);
