create table customer (id int primary key, name text not null, region text not null);
create table reading (
  id bigint not null,
  day date not null,
  customer_id int not null references customer,
  kind text not null default 'a',
  value int not null,
  primary key (id, day)
) partition by range (day);
create table reading_2024_01 partition of reading for values from ('2024-01-01') to ('2024-02-01');
create table reading_2024_02 partition of reading for values from ('2024-02-01') to ('2024-03-01');
create index reading_by_customer on reading (customer_id);
-- The partitions alone: their table's own says nothing.
alter table reading_2024_01 replica identity full;
alter table reading_2024_02 replica identity full;

insert into customer select n, 'customer ' || n, (array['north', 'south', 'west'])[1 + n % 3] from generate_series(1, 40) n;
insert into reading select n, date '2024-01-01' + n % 60, 1 + n % 40, (array['a', 'b'])[1 + n % 2], n from generate_series(1, 2000) n;
