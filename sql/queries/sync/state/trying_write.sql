-- Daemon $2 of migration $1 is there and cannot follow: by $3, and what mends that is $4. Since when stays, as long as it is the same daemon.
insert into crossfade.trying as t (migration, holder, message, advice)
values ($1, $2, $3, $4)
on conflict (migration) do update
set holder = excluded.holder, message = excluded.message, advice = excluded.advice, tried_at = excluded.tried_at,
    since = case when t.holder = excluded.holder then t.since else excluded.since end
