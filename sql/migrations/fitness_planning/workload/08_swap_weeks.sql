-- Two weeks of a mesocycle change places, by way of a number that no week has.
do $$
declare
  first public.microcycles;
  second public.microcycles;
begin
  select * into first from public.microcycles x where x.id >= md5(random()::text)::uuid order by x.id limit 1 for update;
  select * into second from public.microcycles x
  where x.fitness_plan_id = first.fitness_plan_id and x.user_id = first.user_id and x.mesocycle_index = first.mesocycle_index
    and x.id <> first.id limit 1 for update;
  if found then
    update public.microcycles set week_number = -1 where id = first.id;
    update public.microcycles set week_number = first.week_number where id = second.id;
    update public.microcycles set week_number = second.week_number where id = first.id;
  end if;
end
$$;
