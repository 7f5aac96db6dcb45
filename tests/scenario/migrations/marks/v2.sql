create table marks_v2.mark (id int primary key, grade text not null, mood text not null);
create table marks_v2.event (id int not null, day date not null, primary key (id, day));
create table marks_v2.day (day date primary key, events bigint not null);
