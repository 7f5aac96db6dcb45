-- merge
with next as materialized (
  select v."plan_id", v."tag"::text as "tag" from "map"."tags" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."plan_id", s."tag" from "v2"."tags" s where s."plan_id" = any($1::integer[])
), written as (
  insert into "v2"."tags" as s ("plan_id", "tag")
  select n."plan_id", n."tag" from next n left join prior p on p."plan_id" = n."plan_id" and p."tag" = n."tag"
  where p."plan_id" is null or pg_catalog.record_image_ne(row(n."plan_id", n."tag"), row(p."plan_id", p."tag"))
  on conflict ("plan_id", "tag") do nothing
  returning 1
), stale as (
  select p."plan_id", p."tag" from prior p where not exists (select 1 from next n where p."plan_id" = n."plan_id" and p."tag" = n."tag")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- remove
delete from "v2"."tags" s using unnest($1::integer[], $2::text[]) k("plan_id", "tag") where s."plan_id" = k."plan_id" and s."tag" = k."tag";
