update public.users set first_name = 'Renamed', last_login_at = now(), updated_at = now()
where id = (select u.id from public.users u order by random() limit 1);
