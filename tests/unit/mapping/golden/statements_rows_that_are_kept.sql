-- merge
with next as not materialized (
  select v."user_id", v."day", v."volume", v."team_id" from "map"."sums" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."sums" s where s."team_id" = any($1::integer[])
), compared as materialized (
  select n.*, p."user_id" as crossfade_key_0, p."day" as crossfade_key_1, case when p."user_id" is null then 'fresh' when n."user_id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
), met as materialized (
  select coalesce(case when num_nonnulls(s."user_id", s."day") > 0 then array['1', s."user_id"::text, s."day"::text] end, case when num_nonnulls(s."team_id") > 0 then array['0', s."team_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."sums" s where s."user_id" = n."user_id" and s."day" = n."day" offset 0) s
), written as (
  insert into "v2"."sums" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), stale as (
  select g.* from (select n.crossfade_key_0 as "user_id", n.crossfade_key_1 as "day" from compared n where n.crossfade_is = 'stale' offset 0) g where not exists (select 1 from "map"."rejected_sums" k where k."user_id" = g."user_id" and k."day" = g."day" offset 0)
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- compare
with next as materialized (
  select v."user_id", v."day", v."volume", v."team_id", v."team_id" as crossfade_chunk_0 from "map"."sums" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."sums" s where s."team_id" = any($1::integer[])
), differing as (
  select case when (n."user_id" is not null or p."user_id" is null) then array[n.crossfade_chunk_0::text]
    else (select array[s."team_id"::text] from "v2"."sums" s where s."user_id" = p."user_id" and s."day" = p."day") end as walk,
    case when (n."user_id" is not null or p."user_id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."user_id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
  where (n."user_id" is null or p."user_id" is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id"))) and (n."user_id" is not null or not exists (select 1 from "map"."rejected_sums" k where k."user_id" = p."user_id" and k."day" = p."day" offset 0))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;
