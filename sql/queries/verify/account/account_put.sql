insert into crossfade.account (migration, source, total_rows, mapped_rows, rejected_rows, unaccounted_rows)
values ($1, $2, $3::bigint, $4::bigint, $5::bigint, $6::bigint)
on conflict (migration, source) do update
set total_rows = excluded.total_rows, mapped_rows = excluded.mapped_rows, rejected_rows = excluded.rejected_rows,
    unaccounted_rows = excluded.unaccounted_rows, counted_at = now()
