insert into crossfade.deferred (migration, target, name, stage, create_sql, validate_sql, indexed_by, excluded_by)
values ($1, $2, $3, $4::int, $5, $6, $7, $8::text[])
on conflict (migration, target, name) do update
set stage = excluded.stage, create_sql = excluded.create_sql, validate_sql = excluded.validate_sql, indexed_by = excluded.indexed_by,
    excluded_by = excluded.excluded_by, built = false
