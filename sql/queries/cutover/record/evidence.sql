-- What a flip of the writes rested on and what it did, as JSON and as a page for people. It is handed on, so it has no value of a row: of what
-- was waived neither keys nor messages, of sessions in the way not what they asked. Those stay in crossfade.audit and crossfade.cutover_step.
with flip as (
  select * from crossfade.audit a where a.migration = $1 and a.detail ->> 'flip' = $2
), verification as (
  select v.* from crossfade.verification v, flip where v.migration = $1 and v.ended_at <= flip.at order by v.id desc limit 1
), repairs as (
  select coalesce(sum(v.repaired_rows), 0) as rows from crossfade.verification v, flip where v.migration = $1 and v.ended_at <= flip.at
), step as (
  select f.id, f.attempt, f.step, f.milliseconds, f.outcome,
         coalesce((select string_agg(who[1], '; ') from regexp_matches(f.holders, '(pid \d+ \([^()]* for \d+ s\)|prepared transaction ''[^'']*'' \([^()]*\))', 'g') who), '') as holders
  from crossfade.cutover_step f where f.migration = $1 and f.flip = $2
), waived as (
  select w ->> 'target' as target, w ->> 'sqlstate' as sqlstate, coalesce(w ->> 'constraint', '') as constraint_name, w ->> 'accepted_by' as accepted_by, count(*) as keys
  from flip cross join lateral jsonb_array_elements(flip.detail -> 'waived') w
  group by 1, 2, 3, 4
)
select jsonb_pretty(jsonb_build_object(
         'migration', flip.migration, 'action', flip.action, 'flip', $2, 'at', flip.at, 'who', flip.who, 'role', flip.detail ->> 'role',
         'lsn', flip.lsn, 'writes', flip.detail ->> 'writes', 'hold_milliseconds', $3::double precision,
         'verification', (select to_jsonb(v) - 'migration' from verification v), 'repaired_rows', repairs.rows,
         'account', flip.detail -> 'account', 'quarantine_waived', (select coalesce(jsonb_agg(to_jsonb(w) order by w.target, w.sqlstate, w.constraint_name, w.accepted_by), '[]') from waived w), 'inventory', flip.detail -> 'inventory',
         'steps', (select jsonb_agg(jsonb_build_object('attempt', attempt, 'step', step, 'milliseconds', milliseconds, 'outcome', outcome, 'holders', holders) order by id) from step))) as json,
       format(E'# %s of %s\n\nAt %s by %s (role %s), position %s. The writes are on %s. Writers waited %s ms at most.\n\n', flip.action, flip.migration,
              flip.at, flip.who, flip.detail ->> 'role', flip.lsn, flip.detail ->> 'writes', round($3::numeric, 1))
       || coalesce((select format(E'Verified at %s, ended %s: %s rows compared, %s differed. Repaired before: %s rows.\n\n', v.lsn, v.ended_at, v.compared_rows,
                                  v.drifted_rows, repairs.rows) from verification v), E'No verification.\n\n')
       || coalesce((select E'| source | rows | mapped | rejected | unaccounted |\n|---|---|---|---|---|\n'
                           || string_agg(format(E'| %s | %s | %s | %s | %s |\n', a ->> 'source', a ->> 'total_rows', a ->> 'mapped_rows', a ->> 'rejected_rows',
                                                a ->> 'unaccounted_rows'), '') || E'\n'
                    from jsonb_array_elements(flip.detail -> 'account') a having count(*) > 0), '')
       || coalesce((select E'Waived in quarantine, by key in crossfade.audit:\n\n'
                           || string_agg(format(E'* %s: %s keys, refused by %s, accepted by %s\n', w.target, w.keys, concat_ws(' ', w.sqlstate, nullif(w.constraint_name, '')), w.accepted_by), ''
                                         order by w.target, w.sqlstate, w.constraint_name, w.accepted_by) || E'\n'
                    from waived w having count(*) > 0), E'Nothing was waived in quarantine.\n\n')
       || coalesce((select E'| what hangs on the tables | how | handling | in the flip | in a rollback |\n|---|---|---|---|---|\n'
                           || string_agg(format(E'| %s | %s | %s | %s | %s |\n', i ->> 'object', i ->> 'way', i ->> 'handling', i ->> 'flip', i ->> 'rollback'), '') || E'\n'
                    from jsonb_array_elements(flip.detail -> 'inventory') i having count(*) > 0), '')
       || (select E'| attempt | step | ms | outcome |\n|---|---|---|---|\n'
                  || string_agg(format(E'| %s | %s | %s | %s |\n', attempt, step, round(milliseconds::numeric, 1), concat_ws('; ', outcome, nullif(holders, ''))), '' order by id)
           from step) as page
from flip, repairs
