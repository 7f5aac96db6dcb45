-- Where a slot of that name is, if it is not this database's; a physical one has none.
select coalesce('in database ' || quote_ident(database), 'a physical one') from pg_replication_slots
where slot_name = $1 and database is distinct from current_database()
