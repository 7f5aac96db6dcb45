with left_1 as materialized (
  select s."id" from "public"."labels" s
  where not exists (select)
), rejected as materialized (
  select null::text as reason where false
), reasons as (
  select coalesce(reason, 'no reason given') as reason, count(*) as rows from rejected group by 1
)
select (select count(*) from "public"."labels") as total, (select count(*) from left_1) as not_found, (select count(*) from rejected) as rejected,
  (select array_agg(reason order by rows desc, reason) from reasons) as reasons, (select array_agg(rows::text order by rows desc, reason) from reasons) as counts,
  (select count(*) from left_1) as unaccounted, sample.key
from (values (1)) one left join (
  select array[s."id"::text] as key from left_1 s order by s."id" limit 20
) sample on true
