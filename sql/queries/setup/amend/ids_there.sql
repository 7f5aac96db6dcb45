-- Whether table $1 is there, and has columns $2 and no others.
select to_regclass($1) is not null as exists,
       coalesce((select array_agg(a.attname::text order by a.attname::text) from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped)
                = (select array_agg(c order by c) from unnest($2::text[]) c), false) as alike
