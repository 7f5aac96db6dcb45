-- merge
with next as not materialized (
  select r.* from unnest($1::bigint[], $2::date[]) k(k0, k1) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" = k.k0 and v."day" = k.k1 offset 0) r
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($1::bigint[], $2::date[]) k(k0, k1) where s."user_id" = k.k0 and s."day" = k.k1)
), compared as materialized (
  select n.*, p."user_id" as crossfade_key_0, p."day" as crossfade_key_1, case when p."user_id" is null then 'fresh' when n."user_id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
), written as (
  insert into "v2"."totals" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "user_id", n.crossfade_key_1 as "day" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, null::text[] as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge, a column null
with next as not materialized (
  select r.* from unnest($1::bigint[]) k(k0) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" = k.k0 and v."day" is null offset 0) r
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($1::bigint[]) k(k0) where s."user_id" = k.k0 and s."day" is null)
), compared as materialized (
  select n.*, p."user_id" as crossfade_key_0, p."day" as crossfade_key_1, case when p."user_id" is null then 'fresh' when n."user_id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
), written as (
  insert into "v2"."totals" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "user_id", n.crossfade_key_1 as "day" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, null::text[] as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge, each form of null
with next as not materialized (
  select r.* from unnest($1::bigint[], $2::date[]) k(k0, k1) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" = k.k0 and v."day" = k.k1 offset 0) r
  union all
  select r.* from unnest($3::date[]) k(k1) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" is null and v."day" = k.k1 offset 0) r
  union all
  select r.* from unnest($4::bigint[]) k(k0) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" = k.k0 and v."day" is null offset 0) r
  union all
  select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" is null and v."day" is null
), prior as materialized (
  select distinct on (r."user_id", r."day") * from (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($1::bigint[], $2::date[]) k(k0, k1) where s."user_id" = k.k0 and s."day" = k.k1)
  union all
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($3::date[]) k(k1) where s."user_id" is null and s."day" = k.k1)
  union all
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($4::bigint[]) k(k0) where s."user_id" = k.k0 and s."day" is null)
  union all
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where s."user_id" is null and s."day" is null
  ) r
), compared as materialized (
  select n.*, p."user_id" as crossfade_key_0, p."day" as crossfade_key_1, case when p."user_id" is null then 'fresh' when n."user_id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
), written as (
  insert into "v2"."totals" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "user_id", n.crossfade_key_1 as "day" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, null::text[] as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- compare
with next as materialized (
  select r.* from unnest($1::bigint[], $2::date[]) k(k0, k1) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id", v."team_id" as crossfade_chunk_0 from "map"."totals" v where v."user_id" = k.k0 and v."day" = k.k1 offset 0) r
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($1::bigint[], $2::date[]) k(k0, k1) where s."user_id" = k.k0 and s."day" = k.k1)
), differing as (
  select case when (n."user_id" is not null or p."user_id" is null) then array[n.crossfade_chunk_0::text]
    else (select array[s."team_id"::text] from "v2"."totals" s where s."user_id" = p."user_id" and s."day" = p."day") end as walk,
    case when (n."user_id" is not null or p."user_id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."user_id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
  where n."user_id" is null or p."user_id" is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;

-- remove
delete from "v2"."totals" s using unnest($1::bigint[], $2::date[]) k("user_id", "day") where s."user_id" = k."user_id" and s."day" = k."day";
