-- By list, with one for the rest.
create table customer (id int not null, region text not null, name text not null, primary key (id, region)) partition by list (region);
create table customer_north partition of customer for values in ('north');
create table customer_rest partition of customer default;

-- By hash.
create table total (customer_id int primary key, readings bigint not null) partition by hash (customer_id);
create table total_0 partition of total for values with (modulus 2, remainder 0);
create table total_1 partition of total for values with (modulus 2, remainder 1);

-- By range, one of its partitions by list again; of the same names as v1's.
create table reading (
  id bigint not null,
  day date not null,
  kind text not null,
  customer_id int not null references total,
  value int not null,
  primary key (id, day, kind)
) partition by range (day);
create table reading_2024_01 partition of reading for values from ('2024-01-01') to ('2024-02-01') partition by list (kind);
create table reading_2024_01_a partition of reading_2024_01 for values in ('a');
create table reading_2024_01_b partition of reading_2024_01 for values in ('b');
create table reading_2024_02 partition of reading for values from ('2024-02-01') to ('2024-03-01');
create index reading_by_customer on reading (customer_id);
create unique index reading_once on reading (customer_id, id, day, kind);
