-- A log of its own, of no workout; and one into a workout that is there.
insert into public."WorkoutLog" ("id", "userId", "exerciseId", "date", "sets", "reps", "weight", "rating", "mood", "updatedAt")
select 'c' || left(md5(random()::text || clock_timestamp() || w."id"), 24), w."userId", e."id",
       case when random() < 0.5 then w."date" else w."date" + random() * interval '10 days' end, 3, 8, 60, 4, 'fine', now()
from (select * from public."Workout" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1) w
cross join (select "id" from public."Exercise" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1) e;
