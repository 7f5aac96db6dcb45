-- merge
with next as not materialized (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."notes" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
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
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any(array(select v."plan_id" from "map"."notes" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer))))
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."notes" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
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
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body", v."plan_id" as crossfade_chunk_0 from "map"."notes" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
), differing as (
  select case when (n."id" is not null or p."id" is null) then array[n.crossfade_chunk_0::text]
    else (select null::text[] from "v2"."notes" s where s."id" = p."id") end as walk,
    case when (n."id" is not null or p."id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;

-- next_bound
with bounds as (
  select bound from (
    (select t."id"::integer as bound from "v1"."plans" t where t."id" is not null and t."id" > $1::integer and t."id" <= $2::integer group by t."id" order by t."id" limit $3::bigint)
  ) b order by bound limit $3::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- merge, keys without a value
with next as not materialized (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" is null
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any(array[null::integer])))
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."notes" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
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

-- merge by a lookup
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" = any($1::integer[])
  union all
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" = any(array(select m.plan_id from v1.moves m where m.id = any($2) and m.label = any($3)))
  ) r
  window same as (partition by r."id")
), next as not materialized (
  select r."id", r."week_id", r."body" from found r where r.crossfade_first
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
  union all
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any(array(select m.plan_id from v1.moves m where m.id = any($2) and m.label = any($3)))))
  ) r
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."notes" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
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

-- merge of what a lookup gave
with next as not materialized (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."notes" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
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

-- remove_orphans
with orphans as materialized (
  select s."id" from "v2"."notes" s where true
)
delete from "v2"."notes" s using orphans o where s."id" = o."id" and not exists (select 1 from "map"."notes" v where v."id" = o."id");
