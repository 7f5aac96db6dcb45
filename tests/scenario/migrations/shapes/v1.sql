create type mood as enum ('good', 'bad');
create domain percent as int check (value between 0 and 100);

create table "Order" (
  "orderNo" text,
  "lineNo" int,
  "customerId" text,
  mood mood,
  tags text[],
  share percent,
  doubled int generated always as (share * 2) stored,
  primary key ("orderNo", "lineNo")
);
alter table "Order" replica identity full;
create index on "Order" ("customerId");

create table "Event" (
  id bigint generated always as identity,
  day date not null,
  "customerId" text,
  primary key (id, day)
) partition by range (day);
create table event_spring partition of "Event" for values from ('2024-03-01') to ('2024-06-01');
create table event_summer partition of "Event" for values from ('2024-06-01') to ('2024-09-01');
create table event_other partition of "Event" default;
alter table "Event" replica identity full;
alter table event_spring replica identity full;
alter table event_summer replica identity full;
alter table event_other replica identity full;

insert into "Order"
select 'no "' || n / 3 || '", {x}', n % 3, case when n % 7 > 0 then 'cust,' || n % 20 end,
       case n % 3 when 0 then 'good'::mood when 1 then 'bad' end, case when n % 4 > 0 then array['a', null, 'b "' || n] end,
       case when n % 5 > 0 then n % 101 end
from generate_series(1, 600) n;
insert into "Event" (day, "customerId")
select date '2024-02-15' + n % 250, case when n % 6 > 0 then 'cust,' || n % 20 end from generate_series(1, 1000) n;
