create table persons (
  id int primary key,
  owner_id int not null constraint "persons 100%" references owners on delete cascade constraint without_a_word references owners,
  name text not null
) partition by hash (id);
create table persons_0 partition of persons for values with (modulus 2, remainder 0);
create table persons_1 partition of persons for values with (modulus 2, remainder 1) partition by hash (id);
create table persons_1_0 partition of persons_1 for values with (modulus 1, remainder 0);
comment on constraint "persons 100%" on persons is 'mine too, 100%';
create table events (id int, owner_id int not null, kind text, primary key (id, kind)) partition by list (kind);
create table events_a partition of events for values in ('a');
create table events_b partition of events default;
create table friends (person_id int primary key references persons on delete cascade);
