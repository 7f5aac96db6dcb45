insert into crossfade.deferred (migration, target, name, stage, create_sql, validate_sql)
values ($1, $2, $3, $4::int, $5, $6)
