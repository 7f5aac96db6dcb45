insert into public.users (id, email, username, password)
select id, id || '@example.com', id, 'secret' from (select 'late_' || (random() * 20)::int as id) n
on conflict do nothing;
