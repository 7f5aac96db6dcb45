-- This database's oid, and which of the slots $1 are its own.
select d.oid, array(select s.slot_name::text from pg_replication_slots s where s.database = d.datname and s.slot_name = any ($1::text[])) as own_slots
from pg_database d
where d.datname = current_database()
