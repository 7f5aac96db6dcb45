-- Which database this is among all that there are; a rename changes nothing. And what people call it.
select format('%s/%s', s.system_identifier, d.oid) as id, d.datname as name
from pg_control_system() s, pg_database d
where d.datname = current_database()
