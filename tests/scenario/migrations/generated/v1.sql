create table lines (
  id bigint generated always as identity primary key,
  qty int not null,
  unit_cents int not null,
  note text not null,
  total_cents int not null generated always as (qty * unit_cents) stored,
  big boolean generated always as (qty > 50) stored
);
alter table lines replica identity full;
insert into lines (qty, unit_cents, note) select n % 100, n, 'note ' || n % 5 from generate_series(1, 200) n;

-- The key is one of them.
create table words (
  word text not null,
  code text generated always as (lower(word)) stored primary key
);
alter table words replica identity full;
insert into words select 'Word ' || n from generate_series(1, 20) n;

create table people (id int primary key, name text not null);
insert into people select n, 'First' || n || ' Last' || n from generate_series(1, 50) n;
