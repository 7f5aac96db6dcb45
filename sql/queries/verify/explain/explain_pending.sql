-- What of target $2 waits in crossfade.dirty among the keys whose locators are $3 and whose values are $4, and whether the whole
-- target does (null).
select d.locator, d.key, count(*) as times
from crossfade.dirty d
where d.migration = $1 and d.target = $2
  and (d.locator is null or exists (
    select from unnest($3::text[], $4::text[]) k(locator, key) where k.locator = d.locator and k.key::text[] = d.key))
group by d.locator, d.key
limit 20
