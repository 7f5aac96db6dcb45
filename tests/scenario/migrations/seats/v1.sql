create table halls (id int primary key, name text not null);
create table seats (
  id int primary key,
  hall_id int not null references halls on delete cascade,
  place int not null,
  unique (hall_id, place) deferrable initially deferred
);
create table bookings (id int primary key, seat_id int not null references seats on delete cascade, guest text not null);
create index on bookings (seat_id);
insert into halls select n, 'hall ' || n from generate_series(1, 20) n;
insert into seats select n, 1 + n % 20, n / 20 from generate_series(0, 399) n;
insert into bookings select n, n % 400, 'guest ' || n from generate_series(1, 1000) n;
