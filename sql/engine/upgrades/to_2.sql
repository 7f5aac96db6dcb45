-- From layout 1, which had no number, before the scripts of the folder above make what is not there.
alter table crossfade.deferred rename column unique_by to indexed_by;
alter table crossfade.deferred add column excluded_by text[];
alter table crossfade.deferred add column refers_to oid;
alter table crossfade.quarantine drop constraint quarantine_pkey;
drop function if exists crossfade.advance_sequences(regclass, regclass);
