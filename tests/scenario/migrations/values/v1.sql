do $$
begin
  execute format('alter database %I set datestyle = ''ISO, DMY''', current_database());
  execute format('alter database %I set timezone = ''Europe/Madrid''', current_database());
end $$;

create schema extensions;
create extension citext;
create extension ltree schema extensions;

create table accounts (username citext primary key, bio text not null default '');
create table posts (id bigint primary key, author citext not null, title text not null);
create index on posts (author);
alter table posts replica identity full;
insert into accounts select 'user' || n from generate_series(1, 50) n;
insert into posts select n, case when n % 2 = 0 then 'USER' else 'user' end || n % 50 + 1, 'title ' || n from generate_series(1, 200) n;

create table rates (percent numeric primary key, label text not null);
create table gauges (reading float8 primary key, label text not null);
create table leases (term interval primary key, label text not null);
insert into rates values (1.0, 'one'), (2, 'two'), ('NaN', 'nan'), (1e-20, 'tiny');
insert into gauges values (0, 'zero'), ('NaN', 'nan'), ('-Infinity', 'least'), (0.1, 'tenth');
insert into leases values ('1 mon', 'month'), ('1 day', 'day'), ('24:00:01', 'more');

create table trees (path extensions.ltree primary key, above extensions.ltree not null);
insert into trees select ('a.b' || n)::extensions.ltree, 'a' from generate_series(1, 20) n;

create table places (place int[] primary key, tags varchar(9)[], size numeric);
insert into places select array[1, n], array['a' || n, null, 'c,"'], n / 3.0 from generate_series(1, 20) n;

create table imported (id bigint primary key, day text not null, at timestamp not null);
insert into imported select n, lpad((n % 28 + 1)::text, 2, '0') || '/03/2024', timestamp '2024-03-30 12:00' + n * interval '1 hour' from generate_series(1, 60) n;
