-- merge
with next as not materialized (
  select v."plan_id", v."tag"::text as "tag" from "map"."tags" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."plan_id", s."tag" from "v2"."tags" s where s."plan_id" = any($1::integer[])
), compared as materialized (
  select n.*, p."plan_id" as crossfade_key_0, p."tag" as crossfade_key_1, case when p."plan_id" is null then 'fresh' when n."plan_id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."plan_id", n."tag"), row(p."plan_id", p."tag")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."plan_id" = n."plan_id" and p."tag" = n."tag"
), written as (
  insert into "v2"."tags" as s ("plan_id", "tag")
  select n."plan_id", n."tag" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("plan_id", "tag") do nothing
  returning 1
), stale as (
  select n.crossfade_key_0 as "plan_id", n.crossfade_key_1 as "tag" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, null::text[] as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- remove
delete from "v2"."tags" s using unnest($1::integer[], $2::text[]) k("plan_id", "tag") where s."plan_id" = k."plan_id" and s."tag" = k."tag";
