-- The columns of a stable view ($1) with their types, which it keeps for life. Where it is gone, those that it is to have again: of the mapping's
-- view ($2) what v2's table ($3) has, with the table's types, without their modifiers.
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnum
from pg_attribute a
where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
union all
select t.attname, format_type(t.atttypid, -1), t.attnum
from pg_attribute t join pg_attribute v on v.attrelid = to_regclass($2) and v.attname = t.attname and v.attnum > 0 and not v.attisdropped
where t.attrelid = to_regclass($3) and t.attnum > 0 and not t.attisdropped and t.attgenerated = '' and to_regclass($1) is null
order by 3
