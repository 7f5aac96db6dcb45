-- A part of a transaction that is rolled back, and one that stays.
do $$
declare
  chosen text := (select x."id" from public."Workout" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1);
begin
  begin
    delete from public."WorkoutExercise" where "workoutId" = chosen;
    update public."Workout" set "userId" = 'cnobody' where "id" = chosen;
    raise exception 'changed my mind';
  exception when raise_exception then
    null;
  end;
  update public."WorkoutExercise" set "notes" = 'thought about it', "updatedAt" = clock_timestamp() where "workoutId" = chosen;
end
$$;
