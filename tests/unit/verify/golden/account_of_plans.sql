with left_1 as materialized (
  select s."id" from "public"."plans" s
  where not exists (select from "v2"."plans" f0 where f0."id" = s."id"::uuid)
), left_2 as materialized (
  select s."id" from left_1 s
  where not exists (select from "v2"."weeks" f0 where f0."plan_id" = s."id"::uuid)
), left_3 as materialized (
  select s."id" from left_2 s
  where not exists (select from "v2"."days" f0 join "v2"."weeks" f1 on f1."id" = f0."week_id" where f1."plan_id" = s."id"::uuid)
), left_4 as materialized (
  select s."id" from left_3 s
  where not exists (select from "map"."rejected_plans" r where r."id" = s."id")
), left_5 as materialized (
  select s."id" from left_4 s
  where not exists (select from "map"."plans" f where f."id" = s."id"::uuid)
), left_6 as materialized (
  select s."id" from left_5 s
  where not exists (select from "map"."weeks" f where f."plan_id" = s."id"::uuid)
), left_7 as materialized (
  select s."id" from left_6 s
  where not exists (select from "map"."days" f where f."plan_id" = s."id"::uuid)
), rejected as materialized (
  select min(r.reason::text) as reason from "map"."rejected_plans" r where exists (select 1 from left_3 s where r."id" = s."id") group by r."id"
), reasons as (
  select coalesce(reason, 'no reason given') as reason, count(*) as rows from rejected group by 1
)
select (select count(*) from "public"."plans") as total, (select count(*) from left_3) as not_found, (select count(*) from rejected) as rejected,
  (select array_agg(reason order by rows desc, reason) from reasons) as reasons, (select array_agg(rows::text order by rows desc, reason) from reasons) as counts,
  (select count(*) from left_7) as unaccounted, sample.key
from (values (1)) one left join (
  select array[s."id"::text] as key from left_7 s order by s."id" limit 20
) sample on true
