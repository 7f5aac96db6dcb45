-- merge
with next as materialized (
  select v."id", v."user_id", v."day" from "map"."scores" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."user_id", s."day" from "v2"."scores" s where (s."user_id", s."day") in (select p1."user_id", p1."day" from "v2"."totals" p1 where p1."team_id" = any($1::integer[]))
), written as (
  insert into "v2"."scores" as s ("id", "user_id", "day")
  select n."id", n."user_id", n."day" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."user_id", n."day"), row(p."id", p."user_id", p."day"))
  on conflict ("id") do update set "user_id" = excluded."user_id", "day" = excluded."day" where pg_catalog.record_image_ne(row(s."user_id", s."day"), row(excluded."user_id", excluded."day"))
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
  select v."id", v."user_id", v."day", v."team_id" as crossfade_walk_0 from "map"."scores" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."user_id", s."day" from "v2"."scores" s where (s."user_id", s."day") in (select p1."user_id", p1."day" from "v2"."totals" p1 where p1."team_id" = any($1::integer[]))
), differing as (
  select case when n."id" is not null then array[n.crossfade_walk_0::text]
    else (select (select array[p1."team_id"::text] from "v2"."totals" p1 where p1."user_id" = s."user_id" and p1."day" = s."day") from "v2"."scores" s where s."id" = p."id") end as walk,
    case when n."id" is not null then to_jsonb(n.*) - array['crossfade_walk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."user_id", n."day"), row(p."id", p."user_id", p."day"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;
