-- Of each foreign key of table $1 to a table that stands after it in $2 a column that may be null: rows of the two can refer to each other.
select distinct on (f.oid) a.attname as later
from pg_constraint f
join unnest($2::text[]) with ordinality own(name, place) on own.name::regclass = f.conrelid
join unnest($2::text[]) with ordinality other(name, place) on other.name::regclass = f.confrelid
join pg_attribute a on a.attrelid = f.conrelid and a.attnum = any (f.conkey)
where f.conrelid = $1::text::regclass and f.contype = 'f' and f.conparentid = 0 and other.place > own.place and not a.attnotnull and a.attgenerated = ''
order by f.oid, a.attnum
