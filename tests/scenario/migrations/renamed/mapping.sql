-- Persons, as v2 has them.
create view renamed_map.person as select id, name::text as name, mail from person;
create view renamed_map.tag as select id, word from tag;  -- words
create view renamed_map.note as
select n.id, n.person_id, n.text from note n join public.person p on p.id = n.person_id;
