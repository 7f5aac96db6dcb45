-- Rows of v1 that have lost their parents: nobody can see them in v1, and v2's foreign keys refuse them. What stands here does
-- not stand in the mapping, and the other way round.

create view gain_grid_map."rejected_Workout" as
select w."id", 'its user does not exist' as reason
from public."Workout" w
where not exists (select from public."User" u where u."id" = w."userId");

create view gain_grid_map."rejected_WorkoutExercise" as
select e."id",
       case when w."id" is null then 'its workout does not exist'
            when u."id" is null then 'the user of its workout does not exist'
            else 'its exercise does not exist' end as reason
from public."WorkoutExercise" e
left join public."Workout" w on w."id" = e."workoutId"
left join public."User" u on u."id" = w."userId"
left join public."Exercise" x on x."id" = e."exerciseId"
where u."id" is null or x."id" is null;
