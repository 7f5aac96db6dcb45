update public.workout_sessions s set completed_at = s.started_at + interval '50 minutes', notes = 'done'
where exists (select from public.set_executions) and s.id = (select x.id from public.workout_sessions x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
