-- merge
with next as materialized (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body"))
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- merge between bounds
with next as materialized (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any(array(select v."plan_id" from "map"."notes" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer))))
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body"))
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
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
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body", v."plan_id" as crossfade_walk_0 from "map"."notes" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
), differing as (
  select case when n."id" is not null then array[n.crossfade_walk_0::text]
    else (select null::text[] from "v2"."notes" s where s."id" = p."id") end as walk,
    case when n."id" is not null then to_jsonb(n.*) - array['crossfade_walk_0'] end as in_view,
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
with next as materialized (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" is null
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any(array[null::integer])))
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body"))
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- merge by a lookup
with next as materialized (
  select distinct on (r."id") * from (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" = any($1::integer[])
  union all
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" = any(array(select m.plan_id from v1.moves m where m.id = any($2) and m.label = any($3)))
  ) r
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
  union all
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any(array(select m.plan_id from v1.moves m where m.id = any($2) and m.label = any($3)))))
  ) r
), written as (
  insert into "v2"."notes" as s ("id", "week_id", "body")
  select n."id", n."week_id", n."body" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body"))
  on conflict ("id") do update set "week_id" = excluded."week_id", "body" = excluded."body" where pg_catalog.record_image_ne(row(s."week_id", s."body"), row(excluded."week_id", excluded."body"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- remove_orphans
with orphans as materialized (
  select s."id" from "v2"."notes" s where true
)
delete from "v2"."notes" s using orphans o where s."id" = o."id" and not exists (select 1 from "map"."notes" v where v."id" = o."id");
