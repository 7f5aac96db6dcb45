create table seats_v2.halls (id int primary key, name text not null);
create table seats_v2.seats (
  id int primary key,
  hall_id int not null references seats_v2.halls,
  place int not null,
  unique (hall_id, place)
);
create table seats_v2.bookings (
  id int primary key,
  seat_id int not null references seats_v2.seats,
  hall text not null,
  place int not null,
  guest text not null
);
create index on seats_v2.bookings (seat_id);
