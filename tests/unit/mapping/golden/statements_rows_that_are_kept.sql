-- merge
with next as materialized (
  select v."user_id", v."day", v."volume", v."team_id" from "map"."sums" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."sums" s where s."team_id" = any($1::integer[])
), written as (
  insert into "v2"."sums" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from next n left join prior p on p."user_id" = n."user_id" and p."day" = n."day"
  where p."user_id" is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id"))
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), gone as materialized (
  select p."user_id", p."day" from prior p where not exists (select 1 from next n where p."user_id" = n."user_id" and p."day" = n."day")
), stale as (
  select g.* from gone g where not exists (select 1 from "map"."rejected_sums" k where k."user_id" = g."user_id" and k."day" = g."day" offset 0)
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from gone) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- compare
with next as materialized (
  select v."user_id", v."day", v."volume", v."team_id", v."team_id" as crossfade_walk_0 from "map"."sums" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."sums" s where s."team_id" = any($1::integer[])
), differing as (
  select case when n."user_id" is not null then array[n.crossfade_walk_0::text]
    else (select array[s."team_id"::text] from "v2"."sums" s where s."user_id" = p."user_id" and s."day" = p."day") end as walk,
    case when n."user_id" is not null then to_jsonb(n.*) - array['crossfade_walk_0'] end as in_view,
    case when p."user_id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
  where (n."user_id" is null or p."user_id" is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id"))) and (n."user_id" is not null or not exists (select 1 from "map"."rejected_sums" k where k."user_id" = p."user_id" and k."day" = p."day" offset 0))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;
