-- The columns of table $1: name, type with its modifier, whether the table computes it, and the category of its type.
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attgenerated <> '' as generated, t.typcategory as category
from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped
order by a.attnum
