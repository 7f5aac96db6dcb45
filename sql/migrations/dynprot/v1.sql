-- What the server has before the move: users, and a landing table for what the browsers have. May be run on production too,
-- where only the landing table is missing.

create table if not exists public.users (
  id text primary key,
  email text not null unique,
  username text not null unique,
  password text not null,
  first_name text,
  last_name text,
  avatar text,
  created_at timestamp(3) not null default (now() at time zone 'UTC'),
  updated_at timestamp(3) not null default (now() at time zone 'UTC')
);

-- One browser's localStorage a row, as `crossfade import localstorage_exports FILE…` brings it. It is kept as it came: the
-- backup of what the browsers had. user_id is a column of its own because rows are found by it.
create table if not exists public.localstorage_exports (
  id bigint generated always as identity primary key,
  user_id text,
  export jsonb not null,
  file text,
  line bigint,
  imported_at timestamptz not null default now(),
  digest bytea not null unique
);
create index if not exists idx_localstorage_exports_user_id on public.localstorage_exports (user_id);

create or replace function public.read_localstorage_export() returns trigger language plpgsql as $$
begin
  new.user_id := nullif(btrim(new.export ->> 'userId'), '');
  -- The same export imported twice is one row.
  new.digest := sha256(convert_to(new.export::text, 'UTF8'));
  return new;
end
$$;
create or replace trigger read_localstorage_export before insert or update on public.localstorage_exports
  for each row execute function public.read_localstorage_export();

-- An export's rows are found by its user_id, which is not its key: only the whole old row tells whose it was.
alter table public.localstorage_exports replica identity full;
-- Not required: with the whole old row a new name is known to touch nothing but the user.
alter table public.users replica identity full;
