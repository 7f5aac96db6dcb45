-- Of the keys of target $2 whose locators are $3 and whose values are $4, those in quarantine.
select q.locator, q.key, q.sqlstate, coalesce(q.constraint_name, '') as constraint_name, q.message, q.attempts, q.first_at,
       coalesce(q.accepted_by, '') as accepted_by
from crossfade.quarantine q
join unnest($3::text[], $4::text[]) k(locator, key) on k.locator = q.locator and k.key::text[] = q.key
where q.migration = $1 and q.target = $2
order by q.first_at
limit 20
