-- merge everything
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where true
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where true
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

-- merge up to a bound
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" <= $1::integer
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" <= $1::integer
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

-- merge between bounds
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" > $1::integer and s."plan_id" <= $2::integer
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

-- merge above a bound, and what has no value
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" > $1::integer
  union all
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" is null
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" > $1::integer
  union all
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" is null
  ) r
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

-- bulk everything
insert into "v2"."weeks" ("id", "plan_id", "number")
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where true;

-- bulk above a bound, and what has no value
insert into "v2"."weeks" ("id", "plan_id", "number")
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" > $1::integer
  union all
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" is null;

-- compare between bounds
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number", v."plan_id" as crossfade_walk_0 from "map"."weeks" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" > $1::integer and s."plan_id" <= $2::integer
), differing as (
  select case when n."id" is not null then array[n.crossfade_walk_0::text]
    else (select array[s."plan_id"::text] from "v2"."weeks" s where s."id" = p."id") end as walk,
    case when n."id" is not null then to_jsonb(n.*) - array['crossfade_walk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;
