-- Columns that v1's tables have got since the edition in force was entered.
select k.schema_name, k.table_name, a.attname
from (select distinct relation, schema_name, table_name from crossfade.source_column where migration = $1) k
join pg_attribute a on a.attrelid = k.relation and a.attnum > 0 and not a.attisdropped
where not exists (select from crossfade.source_column o where o.migration = $1 and o.relation = k.relation and o.attnum = a.attnum)
order by 1, 2, a.attnum
