-- Keys of migration $1 that were written down by a locator which its targets have no more: such a target is compared as a whole, and what is
-- refused is set aside by what it is called now. $2, $3: targets and locators as they are.
with known as (
  select * from unnest($2::text[], $3::text[]) k(target, locator)
), set_aside as (
  delete from crossfade.quarantine q
  where q.migration = $1 and q.target in (select k.target from known k) and not exists (select from known k where k.target = q.target and k.locator = q.locator)
  returning q.target
), waiting as (
  delete from crossfade.dirty d
  where d.migration = $1 and d.target in (select k.target from known k) and d.locator is not null
    and not exists (select from known k where k.target = d.target and k.locator = d.locator)
  returning d.target, d.xid
), anew as (
  insert into crossfade.dirty (migration, target, xid) select $1, target, 0 from set_aside union select $1, target, xid from waiting
  returning target
)
select distinct target from anew order by target
