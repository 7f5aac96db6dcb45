-- Columns that table $1 and view $2 both have, but for $3: what is known of a row on both sides.
select array(select a.attname::text from pg_attribute a join pg_attribute b on b.attname = a.attname
             where a.attrelid = to_regclass($1) and b.attrelid = to_regclass($2) and a.attnum > 0 and b.attnum > 0 and not a.attisdropped and a.attname <> $3
             order by a.attnum)
