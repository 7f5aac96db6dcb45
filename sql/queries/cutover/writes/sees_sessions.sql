-- Who we are, and whether we are told what other roles' sessions do.
select current_user as role, pg_has_role('pg_read_all_stats', 'usage') as sees_all
