-- How many rows tables $1 have, as the server last counted them; 0 of a table that it has not.
select coalesce(sum(greatest(reltuples, 0)), 0)::float8 from pg_class where oid = any ($1::text[]::regclass[])
