-- Foreign keys among tables $1: place of the referring table, its columns, place of the other, its columns.
select array_position($1::oid[], k.conrelid) - 1 as one,
       (select array_agg(a.attname order by n.place) from unnest(k.conkey) with ordinality n (attnum, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.attnum) as columns_of_one,
       array_position($1::oid[], k.confrelid) - 1 as other,
       (select array_agg(a.attname order by n.place) from unnest(k.confkey) with ordinality n (attnum, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = n.attnum) as columns_of_other
from pg_constraint k
where k.contype = 'f' and k.conparentid = 0 and k.conrelid = any($1::oid[]) and k.confrelid = any($1::oid[])
order by k.conrelid, k.conname
