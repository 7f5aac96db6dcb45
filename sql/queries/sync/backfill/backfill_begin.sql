insert into crossfade.backfill (migration, target, bulk, estimated_rows)
values ($1, $2, $3::boolean, $4::bigint)
on conflict (migration, target) do update
set bulk = excluded.bulk, estimated_rows = excluded.estimated_rows, started_at = now(), finished_at = null
