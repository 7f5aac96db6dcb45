insert into crossfade.audit (migration, action, detail) values ($1, $2, $3::jsonb)
