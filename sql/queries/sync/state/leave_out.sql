-- Targets $2 are left out of migration $1, because of $3. Whatever changes for them from here on is not followed: so every row of theirs
-- waits. Who is none of them any more is tried again at once; what its rows are made of ($4: the direction) is known from here on, as they
-- are all compared by it. CF012 is theirs alone.
with names as (
  select u.target, u.because from unnest($2::text[], $3::text[]) u (target, because)
), back as (
  update crossfade.parked p set next_at = now() where p.migration = $1 and p.sqlstate = 'CF012' and p.target <> all ($2::text[])
  returning p.target
), forgotten as (
  delete from crossfade.shape s where s.migration = $1 and cardinality(s.targets) > 0 and s.targets <@ $2::text[]
), known as (
  insert into crossfade.shape (migration, direction, object, title, targets, state, changed_at)
  select $1, $4, n.object, n.title, n.targets, n.state, clock_timestamp()
  from crossfade.shape_now($1, $4) n
  where exists (select from back) and n.targets <@ (select array_agg(b.target) from back b)
  on conflict do nothing
), out as (
  insert into crossfade.parked (migration, target, sqlstate, message, next_at) select $1, n.target, 'CF012', n.because, now() from names n
  on conflict (migration, target) do update set sqlstate = excluded.sqlstate, constraint_name = null, message = excluded.message, samples = '{}'
)
insert into crossfade.dirty (migration, target)
select $1, n.target from names n
where not exists (select from crossfade.dirty d where d.migration = $1 and d.target = n.target and d.locator is null)
