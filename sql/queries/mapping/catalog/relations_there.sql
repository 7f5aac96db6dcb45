-- Those of the relations $1 (quoted names) that there are.
select name from unnest($1::text[]) name where to_regclass(name) is not null order by name
