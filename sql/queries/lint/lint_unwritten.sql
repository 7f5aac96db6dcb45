-- Columns of table $1 that must have a value and that nobody writes who writes $2 alone.
select a.attname
from pg_attribute a
where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attnotnull and a.attname <> all ($2::text[])
