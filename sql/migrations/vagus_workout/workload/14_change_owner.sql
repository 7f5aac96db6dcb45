-- An owner is lost, and the plan leaves v2 with all that hangs on it; or is found again.
update public.workout_plans p
set user_id = case when p.user_id is null then '00000000-0000-4000-8000-000000000001'::uuid when random() < 0.1 then null else p.user_id end
where p.id = (select x.id from public.workout_plans x where x.id >= (select gen_random_uuid()) order by x.id limit 1);
