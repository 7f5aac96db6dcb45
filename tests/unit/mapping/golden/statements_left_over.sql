-- names
select distinct coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, array['0', null]) from "v2"."weeks" s, unnest($1::text[]) k("id") where s."id" = k."id";

-- names along two foreign keys
select distinct coalesce((select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, array['0', null]) from "v2"."moves" s, unnest($1::integer[]) k("id") where s."id" = k."id";

-- names of several locators
select distinct coalesce(case when num_nonnulls(s."userId") > 0 then array['0', s."userId"::text] end, case when num_nonnulls(s."logId") > 0 then array['1', s."logId"::text] end, array['0', null]) from "v2"."WorkoutLog" s, unnest($1::text[]) k("logId") where s."logId" = k."logId";

-- remove_duplicates
delete from "v2"."weeks" s where (s.tableoid, s.ctid) in (
  select d.tableoid, d.ctid from (
    select tableoid, ctid, count(*) over (partition by plan_id, number) as alike from "v2"."weeks" where pg_catalog.num_nulls(plan_id, number) = 0
  ) d where d.alike > 1)
returning coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, array['0', null]);

-- remove_overlapping
with rows (part, at, place_0, place_1) as materialized (
  select tableoid, ctid, plan_id, number from "v2"."weeks"
)
delete from "v2"."weeks" s where (s.tableoid, s.ctid) in (
  select b.part, b.at from rows a join rows b on (a.part, a.at) < (b.part, b.at) and a.place_0 operator(pg_catalog.=) b.place_0 and a.place_1 operator(pg_catalog.<) b.place_1)
returning coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, array['0', null]);

-- remove_long
delete from "v2"."moves" s where (s.tableoid, s.ctid) in (
  select r.tableoid, r.ctid from "v2"."moves" r, lateral (select row(day_id) as entry) e
  where greatest(pg_column_size(e.entry), octet_length(e.entry::text)) > 2000)
returning coalesce((select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, array['0', null]);

-- remove_raising
delete from "v2"."moves" s using crossfade.rows_that_raise('"v2"."moves"'::regclass, '(1 / weight)', 1000) r where s.tableoid = r.part and s.ctid = r.at
returning coalesce((select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, array['0', null]);

-- referring
select coalesce((select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, array['0', null]), s."id"::text from "v2"."moves" s, "v2"."days" p, unnest($1::text[]) k("id") where p."id" = k."id" and p."id" = s."day_id";

-- referring to two columns
select coalesce((select case when num_nonnulls(p1."team_id") > 0 then array['0', p1."team_id"::text] end from "v2"."totals" p1 where p1."user_id" = s."user_id" and p1."day" = s."day"), array['0', null]), s."id"::text from "v2"."scores" s, "v2"."totals" p, unnest($1::bigint[], $2::date[]) k("user_id", "day") where p."user_id" = k."user_id" and p."day" = k."day" and p."user_id" = s."user_id" and p."day" = s."day";

-- remove_orphans
with orphans as materialized (
  select s."id" from "v2"."moves" s where row(s."day_id") is not null and not exists (select 1 from "v2"."days" p where p."id" = s."day_id")
)
delete from "v2"."moves" s using orphans o where s."id" = o."id" and not exists (select 1 from "map"."moves" v where v."id" = o."id");

-- remove_orphans, two columns
with orphans as materialized (
  select s."id" from "v2"."scores" s where row(s."user_id", s."day") is not null and not exists (select 1 from "v2"."totals" p where p."user_id" = s."user_id" and p."day" = s."day")
)
delete from "v2"."scores" s using orphans o where s."id" = o."id" and not exists (select 1 from "map"."scores" v where v."id" = o."id");

-- remove_orphans, located by the file
with orphans as materialized (
  select s."id" from "v2"."notes" s where true
)
delete from "v2"."notes" s using orphans o where s."id" = o."id" and not exists (select 1 from "map"."notes" v where v."id" = o."id");
