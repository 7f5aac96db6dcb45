-- Gain Grid v2 as `prisma migrate` would make it from the new models; "updatedAt" is set by the client, as ever.
--
-- Foreign keys are Prisma's: a parent that is still referred to cannot go, a training plan that goes leaves its exercises and
-- reminders without one.

create table gain_grid_v2."User" (
  "id" text not null,
  "email" text not null,
  "name" text,
  "password" text,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null,
  "timezone" text,
  "lastLogin" timestamp(3),
  "isActive" boolean not null default true,
  "weight" double precision,
  "height" integer,
  "fitnessLevel" text,
  "goals" text,
  constraint "User_pkey" primary key ("id")
) with (fillfactor = 90);
create unique index "User_email_key" on gain_grid_v2."User" ("email");

create table gain_grid_v2."TrainingPlan" (
  "id" text not null,
  "userId" text not null,
  "name" text not null,
  "description" text,
  "status" text not null default 'ACTIVE',
  "targetDurationWeeks" integer,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null,
  constraint "TrainingPlan_pkey" primary key ("id"),
  constraint "TrainingPlan_userId_fkey" foreign key ("userId") references gain_grid_v2."User" ("id") on delete restrict on update cascade
);
create index "TrainingPlan_userId_status_idx" on gain_grid_v2."TrainingPlan" ("userId", "status");

create table gain_grid_v2."Reminder" (
  "id" text not null,
  "userId" text not null,
  "trainingPlanId" text,
  "time" timestamp(3) not null,
  "frequency" text not null,                      -- DAILY, WEEKLY
  "message" text,
  "lastSent" timestamp(3),
  "active" boolean not null default true,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null,
  constraint "Reminder_pkey" primary key ("id"),
  constraint "Reminder_userId_fkey" foreign key ("userId") references gain_grid_v2."User" ("id") on delete restrict on update cascade,
  constraint "Reminder_trainingPlanId_fkey" foreign key ("trainingPlanId") references gain_grid_v2."TrainingPlan" ("id")
    on delete set null on update cascade
);
create index "Reminder_userId_active_idx" on gain_grid_v2."Reminder" ("userId", "active");

create table gain_grid_v2."Exercise" (
  "id" text not null,
  "name" text not null,
  "description" text,
  "category" public."ExerciseCategory" not null,
  "trainingPlanId" text,
  "defaultSets" integer,
  "defaultReps" integer,
  "equipment" text,
  "primaryMuscleGroup" text,
  "otherMuscles" text,
  "durationMinutes" integer,
  "difficulty" text,
  "instructions" text,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null,
  constraint "Exercise_pkey" primary key ("id"),
  constraint "Exercise_trainingPlanId_fkey" foreign key ("trainingPlanId") references gain_grid_v2."TrainingPlan" ("id")
    on delete set null on update cascade
) with (fillfactor = 90);
create index "Exercise_primaryMuscleGroup_idx" on gain_grid_v2."Exercise" ("primaryMuscleGroup");
create index "Exercise_trainingPlanId_idx" on gain_grid_v2."Exercise" ("trainingPlanId");

create table gain_grid_v2."Workout" (
  "id" text not null,
  "name" text not null,
  "date" timestamp(3) not null,
  "notes" text,
  "userId" text not null,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null,
  constraint "Workout_pkey" primary key ("id"),
  constraint "Workout_userId_fkey" foreign key ("userId") references gain_grid_v2."User" ("id") on delete restrict on update cascade
) with (fillfactor = 90);
create index "Workout_userId_date_idx" on gain_grid_v2."Workout" ("userId", "date");

create table gain_grid_v2."WorkoutLog" (
  "id" text not null,
  "userId" text not null,
  "exerciseId" text not null,
  "date" timestamp(3) not null,
  "sets" integer not null,
  "reps" integer not null,
  "weight" double precision,
  "durationMinutes" integer,
  "rating" integer,
  "mood" text,
  "notes" text,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null,
  constraint "WorkoutLog_pkey" primary key ("id"),
  constraint "WorkoutLog_userId_fkey" foreign key ("userId") references gain_grid_v2."User" ("id") on delete restrict on update cascade,
  constraint "WorkoutLog_exerciseId_fkey" foreign key ("exerciseId") references gain_grid_v2."Exercise" ("id") on delete restrict on update cascade
) with (fillfactor = 90);
create index "WorkoutLog_userId_date_idx" on gain_grid_v2."WorkoutLog" ("userId", "date");
create index "WorkoutLog_exerciseId_idx" on gain_grid_v2."WorkoutLog" ("exerciseId");

-- For the way back: v1's workouts are found by user and date, and only the whole old row tells what they were.
alter table gain_grid_v2."Workout" replica identity full;
alter table gain_grid_v2."WorkoutLog" replica identity full;
