-- merge
with next as materialized (
  select distinct on (r."logId") * from (
  select v."logId"::text as "logId", v."userId"::text as "userId", v."say ""when""" from "map"."WorkoutLog" v where v."userId" = any($1::text[])
  union all
  select v."logId"::text as "logId", v."userId"::text as "userId", v."say ""when""" from "map"."WorkoutLog" v where v."logId" = any($2::text[])
  ) r
), prior as materialized (
  select distinct on (r."logId") * from (
  select s."logId", s."userId", s."say ""when""" from "v2"."WorkoutLog" s where s."userId" = any($1::text[])
  union all
  select s."logId", s."userId", s."say ""when""" from "v2"."WorkoutLog" s where s."logId" = any($2::text[])
  ) r
), written as (
  insert into "v2"."WorkoutLog" as s ("logId", "userId", "say ""when""")
  select n."logId", n."userId", n."say ""when""" from next n left join prior p on p."logId" = n."logId"
  where p."logId" is null or pg_catalog.record_image_ne(row(n."logId", n."userId", n."say ""when"""), row(p."logId", p."userId", p."say ""when"""))
  on conflict ("logId") do update set "userId" = excluded."userId", "say ""when""" = excluded."say ""when""" where pg_catalog.record_image_ne(row(s."userId", s."say ""when"""), row(excluded."userId", excluded."say ""when"""))
  returning 1
), stale as (
  select p."logId" from prior p where not exists (select 1 from next n where p."logId" = n."logId")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- bulk
insert into "v2"."WorkoutLog" ("logId", "userId", "say ""when""")
  select v."logId"::text as "logId", v."userId"::text as "userId", v."say ""when""" from "map"."WorkoutLog" v where v."userId" > $1::text and v."userId" <= $2::text;

-- compare
with next as materialized (
  select v."logId"::text as "logId", v."userId"::text as "userId", v."say ""when""", v."userId" as crossfade_walk_0 from "map"."WorkoutLog" v where v."userId" = any($1::text[])
), prior as materialized (
  select s."logId", s."userId", s."say ""when""" from "v2"."WorkoutLog" s where s."userId" = any($1::text[])
), differing as (
  select case when n."logId" is not null then array[n.crossfade_walk_0::text]
    else (select array[s."userId"::text] from "v2"."WorkoutLog" s where s."logId" = p."logId") end as walk,
    case when n."logId" is not null then to_jsonb(n.*) - array['crossfade_walk_0'] end as in_view,
    case when p."logId" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."logId" = n."logId"
  where n."logId" is null or p."logId" is null or pg_catalog.record_image_ne(row(n."logId", n."userId", n."say ""when"""), row(p."logId", p."userId", p."say ""when"""))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;

-- remove
delete from "v2"."WorkoutLog" s where s."logId" = any($1::text[]);

-- next_bound
with bounds as (
  select bound from (
    (select t."userId"::text as bound from "v1"."Workout" t where t."userId" is not null and t."userId" > $1::text and t."userId" <= $2::text group by t."userId" order by t."userId" limit $3::bigint)
    union
    (select t."userId"::text as bound from "v2"."WorkoutLog" t where t."userId" is not null and t."userId" > $1::text and t."userId" <= $2::text group by t."userId" order by t."userId" limit $3::bigint)
  ) b order by bound limit $3::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;
