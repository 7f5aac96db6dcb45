-- It was another exercise; one in twenty is none that exists.
update public."WorkoutExercise" e
set "exerciseId" = case when random() < 0.05 then 'cnothing' else coalesce((select x."id" from public."Exercise" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1), e."exerciseId") end, "updatedAt" = now()
where e."id" = (select x."id" from public."WorkoutExercise" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
