-- replace
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
), removed as (
  delete from "v2"."weeks" s using prior p, next n where p."id" = s."id" and p."id" = n."id" and row(n."id", n."plan_id", n."number")::record *<> row(p."id", p."plan_id", p."number")::record
  and not exists (select from pg_catalog.pg_constraint where contype = 'f' and confrelid = '"v2"."weeks"'::regclass and confdeltype <> 'a')
  returning 1
), written as (
  insert into "v2"."weeks" as s ("id", "plan_id", "number")
  select n."id", n."plan_id", n."number" from next n left join prior p on p."id" = n."id"
  where (select count(*) from removed) >= 0 and (p."id" is null or row(n."id", n."plan_id", n."number")::record *<> row(p."id", p."plan_id", p."number")::record)
  on conflict ("id") do update set "plan_id" = excluded."plan_id", "number" = excluded."number" where row(s."plan_id", s."number")::record *<> row(excluded."plan_id", excluded."number")::record
  returning s.xmax = 0 as fresh
), stale as (
  select p."id" from prior p where not exists (select from next n where p."id" = n."id")
)
select (select count(*) from next), (select count(*) from written where fresh), (select count(*) from written where not fresh), stale.*
from (values (1)) one left join stale on true;

-- park
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
)
update "v2"."weeks" s set "number" = null from prior p join next n on p."id" = n."id" where p."id" = s."id" and (p."number" is distinct from n."number");

-- holders
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
)
select distinct array[s."plan_id"::text] from "v2"."weeks" s
where (plan_id, number) in (select plan_id, number from next n) and not exists (select from prior p where p."id" = s."id");
