create table plans (
  id int primary key,
  owner text not null,
  duration int not null default 2
);

create table exercises (
  id int primary key,
  plan_id int not null references plans on delete cascade,
  title text,
  day int
);
create index on exercises (plan_id);

insert into plans select n, 'owner ' || n % 7, 1 + n % 4 from generate_series(1, 100) n;
insert into exercises select n, 1 + n % 100, 'exercise ' || n, n % 7 from generate_series(1, 1000) n;
