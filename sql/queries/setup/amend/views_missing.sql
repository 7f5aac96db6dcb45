-- Those of views $2 that schema $1 does not have.
select v from unnest($2::text[]) v where to_regclass(format('%I.%I', $1::text, v)) is null
