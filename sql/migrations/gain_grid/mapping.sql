-- Gain Grid v1 in the shape of v2: one view per table of v2 that has data in v1. What v2 adds is null until somebody says it;
-- training plans and reminders are new and begin empty.

create view gain_grid_map."User" as
select u."id",
       u."email",
       u."name",
       u."password",
       u."createdAt",
       u."updatedAt",
       null::text as "timezone",
       null::timestamp(3) as "lastLogin",
       true as "isActive",
       null::double precision as "weight",
       null::integer as "height",
       null::text as "fitnessLevel",
       null::text as "goals"
from public."User" u;

create view gain_grid_map."Exercise" as
select e."id",
       e."name",
       e."description",
       e."category",
       null::text as "trainingPlanId",
       null::integer as "defaultSets",
       null::integer as "defaultReps",
       null::text as "equipment",
       null::text as "primaryMuscleGroup",
       null::text as "otherMuscles",
       null::integer as "durationMinutes",
       null::text as "difficulty",
       null::text as "instructions",
       e."createdAt",
       e."updatedAt"
from public."Exercise" e;

-- A workout's name and notes have no place in its logs, and one without exercises has no log: it comes over as it is.
create view gain_grid_map."Workout" as
select w."id", w."name", w."date", w."notes", w."userId", w."createdAt", w."updatedAt"
from public."Workout" w
join public."User" u on u."id" = w."userId";

-- User and date are the workout's. The id stays, so that a log can be traced to what it was.
create view gain_grid_map."WorkoutLog" as
select e."id",
       w."userId",
       e."exerciseId",
       w."date",
       e."sets",
       e."reps",
       e."weight",
       e."time" as "durationMinutes",
       null::integer as "rating",
       null::text as "mood",
       e."notes",
       e."createdAt",
       e."updatedAt"
from public."WorkoutExercise" e
join public."Workout" w on w."id" = e."workoutId"
join public."User" u on u."id" = w."userId"
join public."Exercise" x on x."id" = e."exerciseId";
