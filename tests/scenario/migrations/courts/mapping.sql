create view courts_map.courts as
select distinct m.id, e.club, e.court
from public.entries e join crossfade.courts_court_id m on m.club = e.club and m.court = e.court;

create view courts_map.bookings as
select e.id, m.id as court_id, e.player
from public.entries e join crossfade.courts_court_id m on m.club = e.club and m.court = e.court;
