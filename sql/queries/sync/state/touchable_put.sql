with gone as (delete from crossfade.touchable where migration = $1 and target <> all ($2::text[]))
insert into crossfade.touchable (migration, target, locator, types)
select $1, t.target, t.locator, t.types::text[] from unnest($2::text[], $3::text[], $4::text[]) t (target, locator, types)
on conflict (migration, target) do update set locator = excluded.locator, types = excluded.types
where (touchable.locator, touchable.types) is distinct from (excluded.locator, excluded.types)
