with left_1 as materialized (
  select s."id" from "public"."exercises" s
  where not exists (select from "v2"."exercises" f0 where f0."id" = s."id"::uuid)
), left_2 as materialized (
  select s."id" from left_1 s
  where not exists (select from "map"."exercises" f where f."id" = s."id"::uuid)
), rejected as materialized (
  select null::text as reason where false
), reasons as (
  select coalesce(reason, 'no reason given') as reason, count(*) as rows from rejected group by 1
)
select (select count(*) from "public"."exercises") as total, (select count(*) from left_1) as not_found, (select count(*) from rejected) as rejected,
  (select array_agg(reason order by rows desc, reason) from reasons) as reasons, (select array_agg(rows::text order by rows desc, reason) from reasons) as counts,
  (select count(*) from left_2) as unaccounted, sample.key
from (values (1)) one left join (
  select array[s."id"::text] as key from left_2 s order by s."id" limit 20
) sample on true
