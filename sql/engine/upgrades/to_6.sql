-- Functions: a key that was left out comes back without a comment too, and what is asked of the catalogs goes by their indexes.
-- And a row that is set aside is kept whole, whatever its columns are called.
-- And a successor ends what a leader that is not there any more has open.
-- And tables that are called as others are to be are renamed in their turn.
drop function if exists crossfade.retire(text, regclass);
-- And at each commit it is looked whether the stream tells everything.
-- And a fence holds against what triggers of the application write.
-- And what is made for the engine alone is closed to those to whom default privileges give all that its role makes.
-- And who holds a sequence is named to a flip.
-- And of a table that another one stands for it is said what follows that one.
-- And rows for which an index raises are found.
-- And what can be read while some targets are behind is said by itself.
alter table crossfade.checkpoint add column if not exists readable_lsn pg_lsn not null default '0/0', add column if not exists readable_but text[] not null default '{}';
-- And what is written is known by its name, and another table of that name is noticed.
alter table if exists crossfade.written add column if not exists name text not null default '';
-- And text search configurations, dictionaries and collations are watched.
-- And what flips have done, and what rests for them, is called as everybody calls it.
alter table crossfade.flight rename to cutover_step;
alter index crossfade.flight_pkey rename to cutover_step_pkey;
alter sequence crossfade.flight_id_seq rename to cutover_step_id_seq;
alter table crossfade.resting rename to disabled_trigger;
alter index crossfade.resting_pkey rename to disabled_trigger_pkey;
alter table crossfade.disabled_trigger rename constraint resting_migration_fkey to disabled_trigger_migration_fkey;
drop function if exists crossfade.rest_triggers(text, regclass), crossfade.wake_triggers(text, regclass), crossfade.hand_ids_over(regclass, regclass),
  crossfade.take_ids_back(regclass, regclass, text[]);
-- And of a view that was dropped it is said who makes it again.
-- And who may insert may draw from what the defaults draw from; a sequence that has given nothing does not go back behind its start.
-- And triggers of partitions that were made meanwhile wake, and a partition that was detached loses its fence.
-- And an index of v1 that was built anew gets its name back; rows that v1 goes without are kept.
-- And an amend sees the rows that v2.sql itself puts into a table.
-- And who has tables of a migration locked is named.
-- And of two servers each says whether it is to be written, since which turn.
alter table if exists crossfade.other_server add column if not exists turn bigint not null default 0,
  add column if not exists goes_to text not null default 'v1' check (goes_to in ('v1', 'v2')),
  add column if not exists owned text not null default 'v1' check (owned in ('v1', 'v2')), add column if not exists barrier pg_lsn;
-- And a sequence goes beyond what another server has given.
drop function if exists crossfade.advance_sequence(regclass, text, regclass, text);
