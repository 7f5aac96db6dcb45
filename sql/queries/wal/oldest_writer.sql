select who
from (
  select xact_start as since,
         format('pid %s (user %s, since %s s): %s', pid, usename, round(extract(epoch from now() - xact_start)), left(query, 80)) as who
  from pg_stat_activity
  where backend_xid is not null and pid <> pg_backend_pid()
  union all
  select prepared,
         format('prepared transaction %s (user %s, since %s s)', quote_literal(gid), owner, round(extract(epoch from now() - prepared)))
  from pg_prepared_xacts
  union all
  -- Other roles' transactions are hidden, and none of them is no answer.
  select null, format('not known: grant pg_read_all_stats to %I shows it', current_user) where not pg_has_role('pg_read_all_stats', 'usage')
) writers
order by since nulls last
limit 1
