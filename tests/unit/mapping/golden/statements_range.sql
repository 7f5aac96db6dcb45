-- merge everything
with next as not materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where true
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where true
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."weeks" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."weeks" as s ("id", "plan_id", "number")
  select n."id", n."plan_id", n."number" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "plan_id" = excluded."plan_id", "number" = excluded."number" where pg_catalog.record_image_ne(row(s."plan_id", s."number"), row(excluded."plan_id", excluded."number"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge up to a bound
with next as not materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" <= $1::integer
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" <= $1::integer
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."weeks" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."weeks" as s ("id", "plan_id", "number")
  select n."id", n."plan_id", n."number" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "plan_id" = excluded."plan_id", "number" = excluded."number" where pg_catalog.record_image_ne(row(s."plan_id", s."number"), row(excluded."plan_id", excluded."number"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge between bounds
with next as not materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" > $1::integer and s."plan_id" <= $2::integer
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."weeks" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."weeks" as s ("id", "plan_id", "number")
  select n."id", n."plan_id", n."number" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "plan_id" = excluded."plan_id", "number" = excluded."number" where pg_catalog.record_image_ne(row(s."plan_id", s."number"), row(excluded."plan_id", excluded."number"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge above a bound, and what has no value
with next as not materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" > $1::integer
  union all
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" is null
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" > $1::integer
  union all
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" is null
  ) r
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."weeks" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."weeks" as s ("id", "plan_id", "number")
  select n."id", n."plan_id", n."number" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "plan_id" = excluded."plan_id", "number" = excluded."number" where pg_catalog.record_image_ne(row(s."plan_id", s."number"), row(excluded."plan_id", excluded."number"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
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
  select v."id"::text as "id", v."plan_id", v."number", v."plan_id" as crossfade_chunk_0 from "map"."weeks" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" > $1::integer and s."plan_id" <= $2::integer
), differing as (
  select case when (n."id" is not null or p."id" is null) then array[n.crossfade_chunk_0::text]
    else (select array[s."plan_id"::text] from "v2"."weeks" s where s."id" = p."id") end as walk,
    case when (n."id" is not null or p."id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;
