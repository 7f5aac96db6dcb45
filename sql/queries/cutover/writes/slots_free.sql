-- How many replication slots are free: the flip makes one for the direction that follows, beside the one that is there.
select current_setting('max_replication_slots')::int - count(*) as free, current_setting('max_replication_slots')::int as most from pg_replication_slots
