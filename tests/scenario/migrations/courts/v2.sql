create table courts_v2.courts (
  id bigint primary key,
  club text not null,
  court int not null,
  unique (club, court)
);

create table courts_v2.bookings (
  id int primary key,
  court_id bigint not null references courts_v2.courts,
  player text not null
);
create index on courts_v2.bookings (court_id);
