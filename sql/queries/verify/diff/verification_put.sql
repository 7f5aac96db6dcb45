insert into crossfade.verification (migration, started_at, ended_at, lsn, whole, compared_rows, drifted_rows, repaired_rows)
values ($1, $2::timestamptz, clock_timestamp(), $3::pg_lsn, $4::boolean, $5::bigint, $6::bigint, $7::bigint)
