insert into crossfade.surrogate (migration, name, ids) values ($1, $2, $3)
