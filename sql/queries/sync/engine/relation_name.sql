-- No row: it is gone.
select c.oid::regclass::text from pg_class c where c.oid = $1::oid
