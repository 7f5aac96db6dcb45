create view keys_unmap.persons as select id, owner_id, name from keys_v2.persons;
create view keys_unmap.events as select id, owner_id, kind from keys_v2.events;
