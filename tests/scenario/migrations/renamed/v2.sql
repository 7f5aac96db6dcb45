create table renamed_v2.person (id bigint primary key, name text not null, mail text);
create table renamed_v2.tag (id bigint primary key, word text not null);
create table renamed_v2.note (id bigint primary key, person_id bigint not null references renamed_v2.person on delete cascade, text text not null);
