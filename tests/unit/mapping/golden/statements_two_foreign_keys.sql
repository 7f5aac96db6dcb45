-- merge
with next as materialized (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."day_id" in (select p1."id" from "v2"."days" p1 where p1."week_id" in (select p2."id" from "v2"."weeks" p2 where p2."plan_id" = any($1::integer[])))
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight"))
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- merge a range
with next as materialized (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer
), prior as materialized (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."day_id" in (select p1."id" from "v2"."days" p1 where p1."week_id" in (select p2."id" from "v2"."weeks" p2 where p2."plan_id" > $1::integer and p2."plan_id" <= $2::integer))
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight"))
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- compare
with next as materialized (
  select v."id", v."day_id"::text as "day_id", v."weight", v."plan_id" as crossfade_walk_0 from "map"."moves" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."day_id" in (select p1."id" from "v2"."days" p1 where p1."week_id" in (select p2."id" from "v2"."weeks" p2 where p2."plan_id" = any($1::integer[])))
), differing as (
  select case when n."id" is not null then array[n.crossfade_walk_0::text]
    else (select (select array[p2."plan_id"::text] from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id") from "v2"."moves" s where s."id" = p."id") end as walk,
    case when n."id" is not null then to_jsonb(n.*) - array['crossfade_walk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;
