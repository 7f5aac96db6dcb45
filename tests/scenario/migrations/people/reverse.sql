create view people_unmap.person as select id, name::varchar(40) as name, mail from people_v2.person;
create view people_unmap.tag as select id, word from people_v2.tag;
create view people_unmap.note as select id, person_id, text from people_v2.note;
