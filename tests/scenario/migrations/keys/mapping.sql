create view keys_map.persons as select id, owner_id, name from persons;
create view keys_map.friends as select id as person_id from persons where id % 5 = 0;
create view keys_map.events as select id, owner_id, kind from events;
