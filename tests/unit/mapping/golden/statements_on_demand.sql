-- compare
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number", v."plan_id" as crossfade_chunk_0 from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
), there as (
  select n.* from next n where exists (select 1 from prior p where p."id" = n."id")
), differing as (
  select case when (n."id" is not null or p."id" is null) then array[n.crossfade_chunk_0::text]
    else (select array[s."plan_id"::text] from "v2"."weeks" s where s."id" = p."id") end as walk,
    case when (n."id" is not null or p."id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from there n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number"))
)
select (select count(*) from there), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;

-- brought
select key from (
  select array[s."id"::text] as key from "v2"."plans" s
  union select array[s."plan_id"::text] as key from "v2"."weeks" s
  union select (select array[p2."plan_id"::text] from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id") as key from "v2"."moves" s
) brought where key is not null;

-- brought along two foreign keys
select key from (
  select array[s."id"::text] as key from "v2"."plans" s
  union select array[s."plan_id"::text] as key from "v2"."weeks" s
  union select (select array[p2."plan_id"::text] from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id") as key from "v2"."moves" s
) brought where key is not null;
