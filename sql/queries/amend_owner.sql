-- Whose a schema is; whether that is somebody else.
select n.nspowner::regrole::text, n.nspowner <> current_user::regrole from pg_namespace n where n.nspname = $1
