create table plans (
  id int primary key,
  owner text not null
);

create table weeks (
  plan_id int not null references plans,
  number int not null check (number > 0),
  primary key (plan_id, number)
);

create table exercises (
  id int primary key,
  plan_id int not null references plans,
  owner text not null,
  title varchar(40) not null
);
create index on exercises (plan_id);
