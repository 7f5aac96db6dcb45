create table people_v2.person (id bigint primary key, name text not null, mail text);
create table people_v2.tag (id bigint primary key, word text not null);
create table people_v2.note (id bigint primary key, person_id bigint not null references people_v2.person on delete cascade, text text not null);
