insert into crossfade.deferred (migration, target, name, stage, create_sql, validate_sql, unique_by)
values ($1, $2, $3, $4::int, $5, $6, $7)
on conflict (migration, target, name) do update
set stage = excluded.stage, create_sql = excluded.create_sql, validate_sql = excluded.validate_sql, unique_by = excluded.unique_by, built = false
