create table entries (
  id int primary key,
  club text,
  court int,
  player text not null
);
create index on entries (club);
alter table entries replica identity full;

insert into entries select n, 'club ' || n % 20, n % 3, 'player ' || n from generate_series(1, 600) n;
