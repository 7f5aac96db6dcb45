-- Whose a schema is; whether that is somebody else.
select n.nspowner::regrole::text as owner, n.nspowner <> current_user::regrole as is_other from pg_namespace n where n.nspname = $1
