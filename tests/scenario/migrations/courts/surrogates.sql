-- With the column that bookings are located by: an entry's court is wanted when the entry is.
create view courts_map.court_id as
select club, court, id from public.entries;
