-- Keys that miss a parent in one of the tables $2, which have rows that are new: they are due again ten seconds after the last try,
-- however long the pause was to be.
update crossfade.quarantine q set next_at = q.last_at + interval '10 seconds'
where q.migration = $1 and q.sqlstate = '23503' and q.next_at > q.last_at + interval '10 seconds'
  and exists (select from pg_constraint f where f.contype = 'f' and f.conname = q.constraint_name and f.confrelid = any ($2::text[]::regclass[]))
