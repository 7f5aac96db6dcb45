-- From pg_class itself: a session that waited for another one's upgrade may still remember that there was no such table.
select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'crossfade' and c.relname = 'migration') as migration,
       exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'crossfade' and c.relname = 'layout') as layout
