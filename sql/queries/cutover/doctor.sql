-- What tells whether a flip of the writes was broken off, in one row: $2 the slot of the direction that goes on and $3 of the
-- other, $4 the tables that are to be written and $5 those that follow.
select m.phase,
       coalesce((select l.holder from crossfade.leader l where l.migration = m.name and l.renewed_at > clock_timestamp() - interval '10 seconds'
        and exists (select from pg_stat_activity a where a.pid = l.pid and coalesce(a.backend_start, l.backend_start) = l.backend_start)), '') as leader,
       t.holder as trying, t.message as trying_message, t.advice as trying_advice,
       coalesce((select string_agg(format('pid %s (%s)', a.pid, a.usename), ', ')
                 from pg_locks l join pg_stat_activity a on a.pid = l.pid
                 where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
                   and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('crossfade flip ' || m.name, 0)), '') as flip_session,
       exists (select from pg_replication_slots where slot_name = $2 and database = current_database()) as slot_there,
       exists (select from pg_replication_slots where slot_name = $3 and database = current_database()) as other_slot_there,
       coalesce((select string_agg(name, ', ') from unnest($4::text[] || $5::text[]) name where to_regclass(name) is null), '') as missing,
       coalesce((select string_agg(name, ', ') from unnest($5::text[]) name
                 where to_regclass(name) is not null
                   and not exists (select from pg_trigger t where t.tgrelid = to_regclass(name) and t.tgname = 'crossfade_fence' and t.tgenabled <> 'D')), '') as unfenced,
       coalesce((select string_agg(name, ', ') from unnest($4::text[]) name
                 where exists (select from pg_trigger t where t.tgrelid = to_regclass(name) and t.tgname = 'crossfade_fence')), '') as shut,
       coalesce((select format('%s at %s by %s, position %s', a.action, a.at, a.who, a.lsn) from crossfade.audit a
                 where a.migration = m.name and a.action in ('cutover writes', 'rollback writes') order by a.id desc limit 1), '') as last_flip,
       coalesce((select string_agg(format('%I of %s', u.name, u.relation::regclass), ', ') from crossfade.unvalidated u where u.migration = m.name), '') as unvalidated,
       coalesce((select string_agg(p.target, ', ' order by p.target) from crossfade.parked p where p.migration = m.name), '') as parked,
       coalesce((select string_agg(format('%s, by %s', array_to_string(h.targets, ', '), h.who), '; ' order by h.since)
                 from crossfade.tables_held(m.name) h where h.since < clock_timestamp() - interval '1 second'), '') as held
from crossfade.migration m
left join crossfade.trying t on t.migration = m.name and t.tried_at > clock_timestamp() - interval '30 seconds'
where m.name = $1
