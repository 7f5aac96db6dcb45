create table gym_v2.plans (
  id int primary key,
  owner text not null
);

create table gym_v2.weeks (
  plan_id int not null references gym_v2.plans,
  number int not null check (number > 0),
  primary key (plan_id, number)
);

create table gym_v2.exercises (
  id int primary key,
  plan_id int not null references gym_v2.plans,
  owner text not null,
  title varchar(40) not null
);
create index on gym_v2.exercises (plan_id);
