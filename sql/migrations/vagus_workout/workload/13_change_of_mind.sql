-- A part of a transaction that is rolled back, and one that stays.
do $$
declare
  chosen uuid;
begin
  select p.id into chosen from public.workout_plans p where p.id >= (select gen_random_uuid()) order by p.id limit 1 for key share;
  begin
    insert into public.exercises (plan_id, name) values (chosen, 'never mind');
    update public.workout_plans set duration_weeks = 52 where id = chosen;
    raise exception 'changed my mind';
  exception when raise_exception then
    null;
  end;
  update public.workout_plans set updated_at = clock_timestamp() where id = chosen;
end
$$;
