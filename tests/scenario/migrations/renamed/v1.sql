create table person (id bigint primary key, name varchar(40) not null, mail text);
create table tag (id bigint primary key, word text not null);
create table note (id bigint primary key, person_id bigint not null references person on delete cascade, text text not null);
insert into person select n, 'p' || n, 'p' || n || '@example.org' from generate_series(1, 300) n;
insert into tag select n, 'w' || n from generate_series(1, 300) n;
insert into note select n, n % 300 + 1, 'n' || n from generate_series(1, 600) n;
