-- The app is open again.
\set ON_ERROR_STOP on
update public.system_maintenance set enabled = false where enabled;
