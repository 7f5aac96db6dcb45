-- How many rows tables $1 have, as the server last counted them; 0 of a table that it has not.
select coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 from unnest($1::text[]) t (name) join pg_class c on c.oid = to_regclass(t.name)
