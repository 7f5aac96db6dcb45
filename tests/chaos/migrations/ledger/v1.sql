create table accounts (id int primary key, points int not null);
create table entries (id int primary key, account int not null, amount int not null);
insert into accounts select n, 100 from generate_series(0, 999) n;
