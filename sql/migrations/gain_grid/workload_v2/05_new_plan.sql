-- With a reminder: tables that v1 knows nothing of, and that stay where they were made.
with plan as (
  insert into gain_grid_v2."TrainingPlan" ("id", "userId", "name", "targetDurationWeeks", "updatedAt")
  select 'c' || left(md5(random()::text || clock_timestamp()), 24), u."id", 'Twelve weeks', 12, now()
  from (select x."id" from public."User" x where x."id" >= 'c' || md5(random()::text) order by x."id" limit 1 for key share) u
  returning "id", "userId"
)
insert into gain_grid_v2."Reminder" ("id", "userId", "trainingPlanId", "time", "frequency", "updatedAt")
select 'r' || left(md5(random()::text || clock_timestamp()), 24), p."userId", p."id", timestamp '2025-09-01 07:00:00', 'DAILY', now()
from plan p;
