-- The first rows that hold a flip up, by name and reason, and how many there are.
select string_agg(format('%s %s: %s', q.target, array_to_string(q.key, ','), left(q.message, 200)), '; ' order by q.first_at, q.key) filter (where q.place <= 5) as first_keys,
       count(*) as keys
from (select *, row_number() over (order by first_at, key) as place from crossfade.quarantine where migration = $1 and accepted_by is null) q
