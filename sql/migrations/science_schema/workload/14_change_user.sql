update public.users set email = case when random() < 0.2 then 'nobody' || id else id || '@example.com' end, updated_at = clock_timestamp()
where id = (select u.id from public.users u order by random() limit 1);
