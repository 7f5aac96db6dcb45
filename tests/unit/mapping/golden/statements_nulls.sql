-- merge
with next as not materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" is null
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" is null
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

-- merge along a foreign key
with next as not materialized (
  select v."id"::text as "id", v."week_id"::text as "week_id", v."label"::text as "label" from "map"."days" v where v."plan_id" = any($1::integer[])
  union all
  select v."id"::text as "id", v."week_id"::text as "week_id", v."label"::text as "label" from "map"."days" v where v."plan_id" is null
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."week_id", s."label" from "v2"."days" s where s."week_id" in (select p1."id" from "v2"."weeks" p1 where p1."plan_id" = any($1::integer[]))
  union all
  select s."id", s."week_id", s."label" from "v2"."days" s where s."week_id" in (select p1."id" from "v2"."weeks" p1 where p1."plan_id" is null)
  ) r
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."week_id", n."label"), row(p."id", p."week_id", p."label")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce((select case when num_nonnulls(p1."plan_id") > 0 then array['0', p1."plan_id"::text] end from "v2"."weeks" p1 where p1."id" = s."week_id"), null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."days" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."days" as s ("id", "week_id", "label")
  select n."id", n."week_id", n."label" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "week_id" = excluded."week_id", "label" = excluded."label" where pg_catalog.record_image_ne(row(s."week_id", s."label"), row(excluded."week_id", excluded."label"))
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
