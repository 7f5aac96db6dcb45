-- Some sign in by OAuth and have no password.
insert into public."User" ("id", "email", "name", "password", "updatedAt")
select 'c' || left(md5(random()::text || clock_timestamp()), 24), md5(random()::text || clock_timestamp()) || '@example.com', 'New',
       case when random() < 0.5 then 'hash' end, now();
