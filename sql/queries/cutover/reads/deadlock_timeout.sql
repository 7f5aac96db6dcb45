-- After how many milliseconds of waiting the server looks for deadlocks.
select setting::int as deadlock_timeout from pg_settings where name = 'deadlock_timeout'
