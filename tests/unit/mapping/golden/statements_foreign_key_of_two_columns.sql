-- merge
with next as not materialized (
  select v."id", v."user_id", v."day" from "map"."scores" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."user_id", s."day" from "v2"."scores" s where (s."user_id", s."day") in (select p1."user_id", p1."day" from "v2"."totals" p1 where p1."team_id" = any($1::integer[]))
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."user_id", n."day"), row(p."id", p."user_id", p."day")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce((select case when num_nonnulls(p1."team_id") > 0 then array['0', p1."team_id"::text] end from "v2"."totals" p1 where p1."user_id" = s."user_id" and p1."day" = s."day"), null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."scores" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."scores" as s ("id", "user_id", "day")
  select n."id", n."user_id", n."day" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "user_id" = excluded."user_id", "day" = excluded."day" where pg_catalog.record_image_ne(row(s."user_id", s."day"), row(excluded."user_id", excluded."day"))
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

-- compare
with next as materialized (
  select v."id", v."user_id", v."day", v."team_id" as crossfade_chunk_0 from "map"."scores" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."user_id", s."day" from "v2"."scores" s where (s."user_id", s."day") in (select p1."user_id", p1."day" from "v2"."totals" p1 where p1."team_id" = any($1::integer[]))
), differing as (
  select case when (n."id" is not null or p."id" is null) then array[n.crossfade_chunk_0::text]
    else (select (select array[p1."team_id"::text] from "v2"."totals" p1 where p1."user_id" = s."user_id" and p1."day" = s."day") from "v2"."scores" s where s."id" = p."id") end as walk,
    case when (n."id" is not null or p."id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."user_id", n."day"), row(p."id", p."user_id", p."day"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;
