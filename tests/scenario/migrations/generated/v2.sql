create table generated_v2.lines (
  id bigint generated always as identity primary key,
  qty int not null,
  unit_cents int not null,
  total_cents int not null,
  note text not null,
  found_by tsvector generated always as (to_tsvector('pg_catalog.simple', note)) stored
);
create index on generated_v2.lines using gin (found_by);

create table generated_v2.big_lines (id bigint primary key, qty int not null);

create table generated_v2.sums (note text primary key, total_cents bigint not null);

create table generated_v2.words (
  word text not null,
  code text generated always as (lower(word)) stored primary key
);
alter table generated_v2.words replica identity full;

create table generated_v2.people (
  id int primary key,
  first text not null,
  last text not null,
  name text generated always as (first || ' ' || last) stored
);
