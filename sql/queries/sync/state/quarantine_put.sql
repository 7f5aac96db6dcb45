-- Returns how often each was tried, in their order. Who accepted it, and since when it is here, stays. What another session has locked can
-- be free at any moment.
with refused as (
  select * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) with ordinality r(target, locator, key, sqlstate, constraint_name, message, place)
), put as (
  insert into crossfade.quarantine (migration, target, locator, key, sqlstate, constraint_name, message, next_at)
  select $1, target, locator, key::text[], sqlstate, nullif(constraint_name, ''), message, now() + case sqlstate when '55P03' then interval '1 second' else interval '10 seconds' end
  from (select distinct on (target, locator, key) * from refused) r
  on conflict (migration, target, locator, crossfade.digest(key)) do update
  set sqlstate = excluded.sqlstate, constraint_name = excluded.constraint_name, message = excluded.message,
      attempts = quarantine.attempts + 1, last_at = now(),
      next_at = case when excluded.sqlstate = '55P03' then excluded.next_at
                else now() + least(interval '10 seconds' * 2 ^ least(quarantine.attempts, 10), interval '1 hour') end
  returning target, locator, key, attempts
)
select p.attempts from refused r join put p on p.target = r.target and p.locator = r.locator and p.key = r.key::text[] order by r.place
