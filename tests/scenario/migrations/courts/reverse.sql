create view courts_unmap.entries as
select b.id, c.club, c.court, b.player
from courts_v2.bookings b join courts_v2.courts c on c.id = b.court_id;

-- The ids as v2 has them.
create view courts_unmap.court_id as
select club, court, id from courts_v2.courts;
