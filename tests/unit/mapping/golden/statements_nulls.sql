-- merge
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" is null
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" is null
), written as (
  insert into "v2"."weeks" as s ("id", "plan_id", "number")
  select n."id", n."plan_id", n."number" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number"))
  on conflict ("id") do update set "plan_id" = excluded."plan_id", "number" = excluded."number" where pg_catalog.record_image_ne(row(s."plan_id", s."number"), row(excluded."plan_id", excluded."number"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- merge along a foreign key
with next as materialized (
  select v."id"::text as "id", v."week_id"::text as "week_id", v."label"::text as "label" from "map"."days" v where v."plan_id" = any($1::integer[])
  union all
  select v."id"::text as "id", v."week_id"::text as "week_id", v."label"::text as "label" from "map"."days" v where v."plan_id" is null
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."week_id", s."label" from "v2"."days" s where s."week_id" in (select p1."id" from "v2"."weeks" p1 where p1."plan_id" = any($1::integer[]))
  union all
  select s."id", s."week_id", s."label" from "v2"."days" s where s."week_id" in (select p1."id" from "v2"."weeks" p1 where p1."plan_id" is null)
  ) r
), written as (
  insert into "v2"."days" as s ("id", "week_id", "label")
  select n."id", n."week_id", n."label" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."week_id", n."label"), row(p."id", p."week_id", p."label"))
  on conflict ("id") do update set "week_id" = excluded."week_id", "label" = excluded."label" where pg_catalog.record_image_ne(row(s."week_id", s."label"), row(excluded."week_id", excluded."label"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;
