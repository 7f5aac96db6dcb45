-- merge
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
  select v."logId"::text as "logId", v."userId"::text as "userId", v."say ""when""" from "map"."WorkoutLog" v where v."userId" = any($1::text[])
  union all
  select v."logId"::text as "logId", v."userId"::text as "userId", v."say ""when""" from "map"."WorkoutLog" v where v."logId" = any($2::text[])
  ) r
  window same as (partition by r."logId")
), next as not materialized (
  select r."logId", r."userId", r."say ""when""" from found r where r.crossfade_first
), prior as materialized (
  select distinct on (r."logId") * from (
  select s."logId", s."userId", s."say ""when""" from "v2"."WorkoutLog" s where s."userId" = any($1::text[])
  union all
  select s."logId", s."userId", s."say ""when""" from "v2"."WorkoutLog" s where s."logId" = any($2::text[])
  ) r
), compared as materialized (
  select n.*, p."logId" as crossfade_key_0, case when p."logId" is null then 'fresh' when n."logId" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."logId", n."userId", n."say ""when"""), row(p."logId", p."userId", p."say ""when""")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."logId" = n."logId"
), met as materialized (
  select coalesce(case when num_nonnulls(s."logId") > 0 then array['1', s."logId"::text] end, case when num_nonnulls(s."userId") > 0 then array['0', s."userId"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."WorkoutLog" s where s."logId" = n."logId" offset 0) s
), written as (
  insert into "v2"."WorkoutLog" as s ("logId", "userId", "say ""when""")
  select n."logId", n."userId", n."say ""when""" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("logId") do update set "userId" = excluded."userId", "say ""when""" = excluded."say ""when""" where pg_catalog.record_image_ne(row(s."userId", s."say ""when"""), row(excluded."userId", excluded."say ""when"""))
  returning 1
), stale as (
  select n.crossfade_key_0 as "logId" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) or exists (select from found r where r.crossfade_other) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- bulk
insert into "v2"."WorkoutLog" ("logId", "userId", "say ""when""")
  select v."logId"::text as "logId", v."userId"::text as "userId", v."say ""when""" from "map"."WorkoutLog" v where v."userId" > $1::text and v."userId" <= $2::text;

-- compare
with next as materialized (
  select v."logId"::text as "logId", v."userId"::text as "userId", v."say ""when""", v."userId" as crossfade_chunk_0 from "map"."WorkoutLog" v where v."userId" = any($1::text[])
), prior as materialized (
  select s."logId", s."userId", s."say ""when""" from "v2"."WorkoutLog" s where s."userId" = any($1::text[])
), differing as (
  select case when (n."logId" is not null or p."logId" is null) then array[n.crossfade_chunk_0::text]
    else (select array[s."userId"::text] from "v2"."WorkoutLog" s where s."logId" = p."logId") end as walk,
    case when (n."logId" is not null or p."logId" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
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
