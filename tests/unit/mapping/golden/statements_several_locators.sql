-- merge
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."plan_id" = any($1::integer[])
  union all
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any($2::integer[])
  ) r
  window same as (partition by r."id")
), next as not materialized (
  select r."id", r."day_id", r."weight" from found r where r.crossfade_first
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."day_id" in (select p1."id" from "v2"."days" p1 where p1."week_id" in (select p2."id" from "v2"."weeks" p2 where p2."plan_id" = any($1::integer[])))
  union all
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any($2::integer[])
  ) r
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, (select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."moves" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) or exists (select from found r where r.crossfade_other) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- compare
with next as materialized (
  select distinct on (r."id") * from (
  select v."id", v."day_id"::text as "day_id", v."weight", v."plan_id" as crossfade_chunk_0 from "map"."moves" v where v."plan_id" = any($1::integer[])
  union all
  select v."id", v."day_id"::text as "day_id", v."weight", v."plan_id" as crossfade_chunk_0 from "map"."moves" v where v."id" = any($2::integer[])
  ) r
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."day_id" in (select p1."id" from "v2"."days" p1 where p1."week_id" in (select p2."id" from "v2"."weeks" p2 where p2."plan_id" = any($1::integer[])))
  union all
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any($2::integer[])
  ) r
), differing as (
  select case when (n."id" is not null or p."id" is null) then array[n.crossfade_chunk_0::text]
    else (select (select array[p2."plan_id"::text] from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id") from "v2"."moves" s where s."id" = p."id") end as walk,
    case when (n."id" is not null or p."id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;
