-- merge
with next as materialized (
  select distinct on (r."id") * from (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
  ) r
), prior as materialized (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight"))
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- merge after another locator
with next as materialized (
  select distinct on (r."id") * from (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any($1::integer[])
  union all
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.plan_id = any($2) and m.label = any($3)))
  ) r
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any($1::integer[])
  union all
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.plan_id = any($2) and m.label = any($3)))
  ) r
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight"))
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- merge of two columns
with next as materialized (
  select distinct on (r."user_id", r."day") * from (
  select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where (v."user_id", v."day") in (select m.user_id, m.day from v1.moves m where m.id = any($1))
  ) r
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where (s."user_id", s."day") in (select m.user_id, m.day from v1.moves m where m.id = any($1))
), written as (
  insert into "v2"."totals" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from next n left join prior p on p."user_id" = n."user_id" and p."day" = n."day"
  where p."user_id" is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id"))
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), stale as (
  select p."user_id", p."day" from prior p where not exists (select 1 from next n where p."user_id" = n."user_id" and p."day" = n."day")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- merge after each form of a composite locator
with next as materialized (
  select distinct on (r."user_id", r."day") * from (
  select r.* from unnest($1::bigint[], $2::date[]) k(k0, k1) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" = k.k0 and v."day" = k.k1 offset 0) r
  union all
  select r.* from unnest($3::date[]) k(k1) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" is null and v."day" = k.k1 offset 0) r
  union all
  select r.* from unnest($4::bigint[]) k(k0) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" = k.k0 and v."day" is null offset 0) r
  union all
  select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."team_id" = any($5::integer[])
  union all
  select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where (v."user_id", v."day") in (select m.user_id, m.day from v1.moves m where m.id = any($6))
  ) r
), prior as materialized (
  select distinct on (r."user_id", r."day") * from (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($1::bigint[], $2::date[]) k(k0, k1) where s."user_id" = k.k0 and s."day" = k.k1)
  union all
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($3::date[]) k(k1) where s."user_id" is null and s."day" = k.k1)
  union all
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($4::bigint[]) k(k0) where s."user_id" = k.k0 and s."day" is null)
  union all
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where s."team_id" = any($5::integer[])
  union all
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where (s."user_id", s."day") in (select m.user_id, m.day from v1.moves m where m.id = any($6))
  ) r
), written as (
  insert into "v2"."totals" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from next n left join prior p on p."user_id" = n."user_id" and p."day" = n."day"
  where p."user_id" is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id"))
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), stale as (
  select p."user_id", p."day" from prior p where not exists (select 1 from next n where p."user_id" = n."user_id" and p."day" = n."day")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- merge after another lookup, by eleven parameters
with next as materialized (
  select distinct on (r."id") * from (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
  union all
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.id = any($3) or m.id = any($4) or m.id = any($5) or m.id = any($6) or m.id = any($7) or m.id = any($8) or m.id = any($9) or m.id = any($10) or m.id = any($11) or m.id = any($12) or m.plan_id = any($13) and m.label <> '$1'))
  ) r
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
  union all
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.id = any($3) or m.id = any($4) or m.id = any($5) or m.id = any($6) or m.id = any($7) or m.id = any($8) or m.id = any($9) or m.id = any($10) or m.id = any($11) or m.id = any($12) or m.plan_id = any($13) and m.label <> '$1'))
  ) r
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from next n left join prior p on p."id" = n."id"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight"))
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select p."id" from prior p where not exists (select 1 from next n where p."id" = n."id")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;
