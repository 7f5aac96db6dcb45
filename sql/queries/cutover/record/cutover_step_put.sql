insert into crossfade.cutover_step (migration, flip, attempt, step, milliseconds, outcome, held, holders)
select $1, $2, * from unnest($3::int[], $4::text[], $5::double precision[], $6::text[], $7::boolean[], $8::text[])
