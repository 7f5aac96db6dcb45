create view seats_map.halls as select id, name from public.halls;
create view seats_map.seats as select id, hall_id, place from public.seats;
create view seats_map.bookings as
select b.id, b.seat_id, h.name as hall, s.place, b.guest
from public.bookings b join public.seats s on s.id = b.seat_id join public.halls h on h.id = s.hall_id;
