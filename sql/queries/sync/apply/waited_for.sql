-- Whether another session waits for a table that this one has locked, and keeps whoever comes after it waiting too.
select exists (
  select from pg_locks w join pg_locks h on h.pid = pg_backend_pid() and h.locktype = 'relation' and h.granted and h.database = w.database and h.relation = w.relation
  where not w.granted and w.locktype = 'relation' and w.pid <> pg_backend_pid()
) as waited_for
