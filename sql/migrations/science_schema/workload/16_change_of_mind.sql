-- A part of a transaction that is rolled back, and one that stays.
do $$
declare
  chosen uuid;
begin
  select s.id into chosen from public.workout_sessions s where s.id >= gen_random_uuid() order by s.id limit 1 for update;
  begin
    delete from public.workout_sessions where id = chosen;
    raise exception 'changed my mind';
  exception when raise_exception then
    null;
  end;
  update public.workout_sessions set completed_at = started_at + interval '50 minutes' where id = chosen;
end
$$;
