create type mood as enum ('good', 'bad');

create function verdict(int) returns text language sql immutable as $$ select case when $1 > 50 then 'pass' else 'fail' end $$;
create function grade(int) returns text language plpgsql immutable as $$ begin return public.verdict($1); end $$;

create table mark (id int primary key, points int not null, mood mood not null);
insert into mark select n, n % 100, case n % 2 when 0 then 'good'::mood else 'bad' end from generate_series(1, 500) n;

create table event (id int not null, day date not null, primary key (id, day)) partition by range (day);
create table event_06 partition of event for values from ('2024-06-01') to ('2024-07-01');
create table event_07 partition of event for values from ('2024-07-01') to ('2024-08-01');
insert into event select n, date '2024-06-01' + n % 60 from generate_series(1, 600) n;
