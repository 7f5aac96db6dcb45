-- Quick rollback, by names, without crossfade: v1's tables, indexes and sequences take their names back in one transaction, and
-- v2's tables go aside into workout_v2. Nothing is dropped. v1 has what crossfade brought over until it was stopped, or until
-- `crossfade complete`; what was written to v2 after that is in workout_v2 alone.
--
--   psql -f quick.sql                     as the owner of the tables; the daemon stopped
--
-- While the daemon runs, `crossfade rollback writes` is the way: it loses nothing. Afterwards the schemas workout_v2, workout_map,
-- workout_unmap, workout_app and workout_app_canary are left, for whoever wants to look; drop them before the move begins anew.
\set ON_ERROR_STOP on

begin;
set local lock_timeout = '5s';
set local search_path = public;

do $$
declare
  old_table text;
  piece record;
begin
  if to_regclass('public.workout_plans_v1') is null then
    raise exception 'there is no workout_plans_v1: v1''s tables have their names already';
  end if;
  if to_regclass('crossfade.leader') is not null
     and exists (select from crossfade.leader where migration = 'vagus_workout' and renewed_at > clock_timestamp() - interval '10 seconds') then
    raise exception 'the daemon keeps v1 true: crossfade rollback writes --confirm vagus_workout'
      using hint = 'Stop the daemon first if that does not work; it lets go within ten seconds.';
  end if;

  create schema if not exists workout_v2;
  for piece in
    select c.oid::regclass as name
    from unnest(array['workout_plans', 'workout_weeks', 'workout_days', 'exercises', 'workout_sessions', 'exercise_logs',
                      'notification_preferences', 'workout_templates']) wanted
    join pg_class c on c.oid = to_regclass('public.' || wanted)
    order by c.oid
  loop
    execute format('alter table %s set schema workout_v2', piece.name);
  end loop;

  foreach old_table in array array['workout_plans', 'exercises', 'workout_sessions', 'exercise_logs', 'notification_preferences', 'workout_templates'] loop
    execute format('drop trigger if exists crossfade_fence on public.%I', old_table || '_v1');
    if to_regclass('crossfade.disabled_trigger') is not null then
      perform crossfade.enable_triggers('vagus_workout', to_regclass('public.' || old_table || '_v1'));
    end if;
    for piece in
      select c.oid::regclass as name, left(c.relname, -3) as old_name, case c.relkind when 'S' then 'sequence' when 'r' then 'table' else 'index' end as kind
      from pg_class c
      where c.relname like '%\_v1'
        and (c.oid = to_regclass('public.' || old_table || '_v1')
             or c.oid in (select indexrelid from pg_index where indrelid = to_regclass('public.' || old_table || '_v1'))
             or c.relkind = 'S' and c.oid in (select objid from pg_depend where refobjid = to_regclass('public.' || old_table || '_v1') and deptype in ('a', 'i')))
      order by c.relkind = 'r'
    loop
      execute format('alter %s %s rename to %I', piece.kind, piece.name, piece.old_name);
    end loop;
  end loop;
end
$$;

drop publication if exists crossfade_vagus_workout, crossfade_vagus_workout_reverse;

-- crossfade.route answers v1 for a migration that is not there.
select to_regclass('crossfade.migration') is not null as known \gset
\if :known
  delete from crossfade.migration where name = 'vagus_workout';
\endif

commit;

-- A slot that nobody reads keeps WAL for ever.
select pg_drop_replication_slot(slot_name) from pg_replication_slots
where slot_name ~ '^crossfade_([0-9]+_)?vagus_workout(_reverse)?$' and database = current_database();
