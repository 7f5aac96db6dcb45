create table values_v2.accounts (username public.citext primary key, bio text not null, posts bigint not null);

create table values_v2.posts (id bigint primary key, author public.citext not null references values_v2.accounts, title text not null);

create table values_v2.rates (percent numeric primary key, label text not null);

create table values_v2.gauges (reading float8 primary key, label text not null);

create table values_v2.leases (term interval primary key, label text not null);

create table values_v2.trees (path ltree primary key, above ltree not null, below boolean not null);

create table values_v2.places (place int[] primary key, tags varchar(9)[], size numeric(6, 2), seen timestamptz(0));

create table values_v2.imported (id bigint primary key, day date not null, at timestamptz not null, label text not null);
