-- Gain Grid v2 in the shape of v1: one view per table of v1, for the time after the writes have moved.
--
-- A log knows its user and date, but no workout. One that came from v1 stays in the workout it was done in (`old`, the very row
-- that the view fills, names it) as long as that one is the user's and of that date. Any other goes into the user's workout of
-- that date; where there is none, one is made up, the same for all logs of that user and date.

create function gain_grid_unmap.made_up(user_id text, at timestamp) returns text
language sql immutable as $$
  select 'log-' || crossfade.uuid('6ba7b812-9dad-11d1-80b4-00c04fd430c8', user_id, to_char(at, 'YYYY-MM-DD HH24:MI:SS.MS'))::text
$$;

create view gain_grid_unmap."User" as
select u."id", u."email", u."name", u."password", u."createdAt", u."updatedAt"
from gain_grid_v2."User" u;

create view gain_grid_unmap."Exercise" as
select e."id", e."name", e."description", e."category", e."createdAt", e."updatedAt"
from gain_grid_v2."Exercise" e;

create view gain_grid_unmap."Workout" as
select w."id", w."name", w."date", w."notes", w."userId", w."createdAt", w."updatedAt"
from gain_grid_v2."Workout" w
union all
select gain_grid_unmap.made_up(l."userId", l."date"), 'Workout', l."date", null, l."userId", min(l."createdAt")::timestamp(3), max(l."updatedAt")::timestamp(3)
from gain_grid_v2."WorkoutLog" l
where not exists (select from gain_grid_v2."Workout" w where w."userId" = l."userId" and w."date" = l."date")
group by l."userId", l."date";

create view gain_grid_unmap."WorkoutExercise" as
select l."id",
       coalesce(w."id",
                (select min(x."id") from gain_grid_v2."Workout" x where x."userId" = l."userId" and x."date" = l."date"),
                gain_grid_unmap.made_up(l."userId", l."date")) as "workoutId",
       l."exerciseId",
       l."sets",
       l."reps",
       l."weight",
       l."durationMinutes" as "time",
       l."notes",
       l."createdAt",
       l."updatedAt"
from gain_grid_v2."WorkoutLog" l
left join public."WorkoutExercise" old on old."id" = l."id"
left join gain_grid_v2."Workout" w on w."id" = old."workoutId" and w."userId" = l."userId" and w."date" = l."date";
