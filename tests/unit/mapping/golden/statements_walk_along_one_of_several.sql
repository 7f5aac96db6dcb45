-- merge between bounds
with next as not materialized (
  select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."day" > $1::date and v."day" <= $2::date
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where s."day" > $1::date and s."day" <= $2::date
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

-- bulk above a bound, and what has no value
insert into "v2"."totals" ("user_id", "day", "volume", "team_id")
  select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."day" > $1::date
  union all
  select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."day" is null;

-- compare between bounds
with next as materialized (
  select v."user_id", v."day", v."volume", v."team_id", v."user_id" as crossfade_chunk_0, v."day" as crossfade_chunk_1 from "map"."totals" v where v."day" > $1::date and v."day" <= $2::date
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where s."day" > $1::date and s."day" <= $2::date
), differing as (
  select case when (n."user_id" is not null or p."user_id" is null) then array[n.crossfade_chunk_0::text, n.crossfade_chunk_1::text]
    else (select array[s."user_id"::text, s."day"::text] from "v2"."totals" s where s."user_id" = p."user_id" and s."day" = p."day") end as walk,
    case when (n."user_id" is not null or p."user_id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0', 'crossfade_chunk_1'] end as in_view,
    case when p."user_id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
  where n."user_id" is null or p."user_id" is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;

-- next_bound
with bounds as (
  select bound from (
    (select t."day"::date as bound from "v1"."moves" t where t."day" is not null and t."day" > $1::date and t."day" <= $2::date group by t."day" order by t."day" limit $3::bigint)
    union
    (select t."day"::date as bound from "v2"."totals" t where t."day" is not null and t."day" > $1::date and t."day" <= $2::date group by t."day" order by t."day" limit $3::bigint)
  ) b order by bound limit $3::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- next_bound into an empty table
with bounds as (
  select bound from (
    (select t."day"::date as bound from "v1"."moves" t where t."day" is not null and t."day" > $1::date group by t."day" order by t."day" limit $2::bigint)
  ) b order by bound limit $2::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- middle
with bounds as (
  select distinct v."day" as bound from "map"."totals" v where v."day" > $1::date and v."day" <= $2::date and v."day" is not null
  union
  select distinct v."day" as bound from "v2"."totals" v where v."day" > $1::date and v."day" <= $2::date and v."day" is not null
)
select (select bound::text from bounds order by bounds.bound offset ((select count(*) from bounds) - 1) / 2 limit 1) as bound, (select count(*) from bounds) as found;

-- values between bounds
select found.key from (
  select array[v."user_id"::text, v."day"::text] from "map"."totals" v where v."day" > $1::date and v."day" <= $2::date
  union
  select array[s."user_id"::text, s."day"::text] from "v2"."totals" s where s."day" > $1::date and s."day" <= $2::date
) found (key) where found.key is not null;
