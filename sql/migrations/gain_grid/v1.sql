-- Gain Grid v1 as `prisma migrate` made it: workouts with the exercises that were done in them. For demo and tests;
-- production has it.
--
-- The relations are kept by the Prisma client (relationMode = "prisma"), so the database has no foreign keys and some rows
-- have lost their parents. Where it has them, the same mapping holds and those rows do not exist.

create type public."ExerciseCategory" as enum ('STRENGTH', 'CARDIO', 'FLEXIBILITY', 'BODYWEIGHT');

create table public."User" (
  "id" text primary key,
  "email" text not null,
  "name" text,
  "password" text,                                -- null: signs in by OAuth
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null
);
create unique index "User_email_key" on public."User" ("email");

create table public."Exercise" (
  "id" text primary key,
  "name" text not null,
  "description" text,
  "category" public."ExerciseCategory" not null,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null
);

create table public."Workout" (
  "id" text primary key,
  "name" text not null,
  "date" timestamp(3) not null,
  "notes" text,
  "userId" text not null,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null
);
create index "Workout_userId_date_idx" on public."Workout" ("userId", "date");

create table public."WorkoutExercise" (
  "id" text primary key,
  "workoutId" text not null,
  "exerciseId" text not null,
  "sets" integer not null,
  "reps" integer not null,
  "weight" double precision,
  "time" integer,                                 -- minutes
  "notes" text,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null default current_timestamp
);
create index "WorkoutExercise_workoutId_idx" on public."WorkoutExercise" ("workoutId");
create index "WorkoutExercise_exerciseId_idx" on public."WorkoutExercise" ("exerciseId");

-- Not required: with the whole old row a change of a user's name, a workout's notes or an exercise's description is known to
-- touch no log.
alter table public."User" replica identity full;
alter table public."Exercise" replica identity full;
alter table public."Workout" replica identity full;
