-- Returns how often the key was tried. Who accepted it, and since when it is here, stays.
insert into crossfade.quarantine (migration, target, locator, key, sqlstate, constraint_name, message)
values ($1, $2, $3, $4::text[], $5, nullif($6, ''), $7)
on conflict (migration, target, locator, crossfade.digest(key)) do update
set sqlstate = excluded.sqlstate, constraint_name = excluded.constraint_name, message = excluded.message,
    attempts = quarantine.attempts + 1, last_at = now(),
    next_at = now() + least(interval '10 seconds' * 2 ^ least(quarantine.attempts, 10), interval '1 hour')
returning attempts
