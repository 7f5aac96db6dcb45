create view people_map.person as select id, name::text as name, mail from person;
create view people_map.tag as select id, word from tag;
create view people_map.note as select id, person_id, text from note;
