-- Tables that stay, partitioned and not, refer to one that is moved; and what is moved refers to one that stays.
create table owners (id int primary key, name text not null);
create table persons (id int primary key, owner_id int not null references owners on delete cascade, name text not null);
create table events (id int primary key, owner_id int not null constraint events_owner references owners on delete cascade, kind text not null);
create table notes (id int primary key, person_id int constraint notes_person references persons on delete cascade);
create table log (id int, person_id int constraint "log 100%" references persons on delete set null deferrable, primary key (id)) partition by range (id);
create table log_1 partition of log for values from (0) to (100);
create table log_2 partition of log for values from (100) to (300) partition by range (id);
create table log_2_a partition of log_2 for values from (100) to (200);
create table log_2_b partition of log_2 for values from (200) to (300);
comment on constraint "log 100%" on log is 'mine, 100%';
insert into owners select n, 'owner ' || n from generate_series(1, 10) n;
insert into persons select n, n % 10 + 1, 'person ' || n from generate_series(1, 50) n;
insert into events select n, n % 10 + 1, case n % 3 when 0 then 'a' else 'b' end from generate_series(1, 60) n;
insert into notes select n, n from generate_series(1, 50) n;
insert into log select n, n % 50 + 1 from generate_series(1, 299) n;
