update public.users set first_name = 'Renamed', updated_at = clock_timestamp() at time zone 'UTC'
where id = (select u.id from public.users u order by random() limit 1);
