-- The flag that the app looks at when it is launched: select message from system_maintenance where enabled.
--
--   psql -f maintenance_on.sql [-v message='We are back in 15 minutes!'] [-v minutes=15]
\set ON_ERROR_STOP on
\if :{?message}
\else
  \set message 'Upgrading workout features. We''ll be back in 15 minutes!'
\endif
\if :{?minutes}
\else
  \set minutes 15
\endif

set client_min_messages = warning;
begin;

create table if not exists public.system_maintenance (
  id serial primary key,
  enabled boolean default false,
  message text,
  started_at timestamptz,
  estimated_completion timestamptz
);
-- Asked before anybody has logged in, and by everybody.
grant select on public.system_maintenance to public;

-- The app expects one row at most.
update public.system_maintenance set enabled = false where enabled;
insert into public.system_maintenance (enabled, message, started_at, estimated_completion)
values (true, :'message', now(), now() + :minutes * interval '1 minute');

commit;
