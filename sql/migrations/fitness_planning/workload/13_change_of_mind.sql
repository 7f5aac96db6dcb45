-- A part of a transaction that is rolled back, and one that stays.
do $$
declare
  chosen uuid;
begin
  select p.id into chosen from public.fitness_plans p where p.id >= md5(random()::text)::uuid order by p.id limit 1 for update;
  begin
    delete from public.microcycles where fitness_plan_id = chosen;
    update public.fitness_plans set mesocycles = 'never mind' where id = chosen;
    raise exception 'changed my mind';
  exception when raise_exception then
    null;
  end;
  update public.fitness_plans set notes = 'thought about it', updated_at = clock_timestamp() where id = chosen;
end
$$;
