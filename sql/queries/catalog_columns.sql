-- The columns of relation $1 in their order. The type without its modifier is one that a cast does not cut by: format_type
-- knows the difference between none (-1) and unknown (null).
select a.attname, format_type(a.atttypid, -1) as type, format_type(a.atttypid, a.atttypmod) as full_type,
       a.atttypid, a.atttypmod,
       a.attnotnull or t.typnotnull as required,
       a.attgenerated = '' and (a.atthasdef or a.attidentity <> '' or t.typdefault is not null) as has_default,
       a.attgenerated <> '' as is_generated,
       a.attidentity = 'a' as always_identity
from pg_attribute a
join pg_type t on t.oid = a.atttypid
where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped
order by a.attnum
