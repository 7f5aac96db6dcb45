create view renamed_unmap.person as select id, name::varchar(40) as name, mail from renamed_v2.person;
create view renamed_unmap.tag as select id, word from renamed_v2.tag;
create view renamed_unmap.note as select id, person_id, text from renamed_v2.note;
