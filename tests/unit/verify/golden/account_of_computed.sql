with computed as materialized (
  select s."id", k0.crossfade_0_0 from "public"."labels" s left join lateral (select * from (SELECT ('L'::text || changed.id) FROM unnest(array[s."id"]::integer[]) changed(id)) g limit 1) k0(crossfade_0_0) on true
), left_1 as materialized (
  select s."id", s."crossfade_0_0" from computed s
  where not exists (select from "v2"."exercises" f0 where f0."id" = s.crossfade_0_0)
), left_2 as materialized (
  select s."id", s."crossfade_0_0" from left_1 s
  where not exists (select from "map"."rejected_labels" r where r."id" = s."id")
), left_3 as materialized (
  select s."id", s."crossfade_0_0" from left_2 s
  where not exists (select from "map"."exercises" f where f."id" = s.crossfade_0_0)
), rejected as materialized (
  select min(r.reason::text) as reason from "map"."rejected_labels" r where exists (select 1 from left_1 s where r."id" = s."id") group by r."id"
), reasons as (
  select coalesce(reason, 'no reason given') as reason, count(*) as rows from rejected group by 1
)
select (select count(*) from "public"."labels") as total, (select count(*) from left_1) as not_found, (select count(*) from rejected) as rejected,
  (select array_agg(reason order by rows desc, reason) from reasons) as reasons, (select array_agg(rows::text order by rows desc, reason) from reasons) as counts,
  (select count(*) from left_3) as unaccounted, sample.key
from (values (1)) one left join (
  select array[s."id"::text] as key from left_3 s order by s."id" limit 20
) sample on true
