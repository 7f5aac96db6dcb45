create view values_map.accounts as
select a.username, a.bio, (select count(*) from public.posts p where p.author = a.username) as posts from public.accounts a;

create view values_map.posts as
select p.id, a.username as author, p.title from public.posts p join public.accounts a on a.username = p.author;

create view values_map.rates as select percent, label from public.rates;

create view values_map.gauges as select reading, label from public.gauges;

create view values_map.leases as select term, label from public.leases;

create view values_map.trees as select path, above, path <@ above as below from public.trees;

create view values_map.places as
select place, tags, size, timestamptz '2024-01-01 00:00:00Z' + size * interval '1 second' as seen from public.places;

create view values_map.imported as
select id, day::date as day, at::timestamptz as at, to_char(at::timestamptz, 'DD Mon HH24:MI') as label from public.imported;
