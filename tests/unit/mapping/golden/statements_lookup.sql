-- merge
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
  ) r
  window same as (partition by r."id")
), next as not materialized (
  select r."id", r."day_id", r."weight" from found r where r.crossfade_first
), prior as materialized (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, (select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."moves" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) or exists (select from found r where r.crossfade_other) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge after another locator
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any($1::integer[])
  union all
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.plan_id = any($2) and m.label = any($3)))
  ) r
  window same as (partition by r."id")
), next as not materialized (
  select r."id", r."day_id", r."weight" from found r where r.crossfade_first
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any($1::integer[])
  union all
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.plan_id = any($2) and m.label = any($3)))
  ) r
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, (select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."moves" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) or exists (select from found r where r.crossfade_other) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge of two columns
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
  select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where (v."user_id", v."day") in (select m.user_id, m.day from v1.moves m where m.id = any($1))
  ) r
  window same as (partition by r."user_id", r."day")
), next as not materialized (
  select r."user_id", r."day", r."volume", r."team_id" from found r where r.crossfade_first
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where (s."user_id", s."day") in (select m.user_id, m.day from v1.moves m where m.id = any($1))
), compared as materialized (
  select n.*, p."user_id" as crossfade_key_0, p."day" as crossfade_key_1, case when p."user_id" is null then 'fresh' when n."user_id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
), met as materialized (
  select coalesce(case when num_nonnulls(s."user_id", s."day") > 0 then array['1', s."user_id"::text, s."day"::text] end, case when num_nonnulls(s."team_id") > 0 then array['0', s."team_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."totals" s where s."user_id" = n."user_id" and s."day" = n."day" offset 0) s
), written as (
  insert into "v2"."totals" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "user_id", n.crossfade_key_1 as "day" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) or exists (select from found r where r.crossfade_other) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge after each form of a composite locator
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
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
  window same as (partition by r."user_id", r."day")
), next as not materialized (
  select r."user_id", r."day", r."volume", r."team_id" from found r where r.crossfade_first
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
), compared as materialized (
  select n.*, p."user_id" as crossfade_key_0, p."day" as crossfade_key_1, case when p."user_id" is null then 'fresh' when n."user_id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
), met as materialized (
  select coalesce(case when num_nonnulls(s."user_id", s."day") > 0 then array['1', s."user_id"::text, s."day"::text] end, case when num_nonnulls(s."team_id") > 0 then array['0', s."team_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."totals" s where s."user_id" = n."user_id" and s."day" = n."day" offset 0) s
), written as (
  insert into "v2"."totals" as s ("user_id", "day", "volume", "team_id")
  select n."user_id", n."day", n."volume", n."team_id" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("user_id", "day") do update set "volume" = excluded."volume", "team_id" = excluded."team_id" where pg_catalog.record_image_ne(row(s."volume", s."team_id"), row(excluded."volume", excluded."team_id"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "user_id", n.crossfade_key_1 as "day" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) or exists (select from found r where r.crossfade_other) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge after another lookup, by eleven parameters
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
  union all
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.id = any($3) or m.id = any($4) or m.id = any($5) or m.id = any($6) or m.id = any($7) or m.id = any($8) or m.id = any($9) or m.id = any($10) or m.id = any($11) or m.id = any($12) or m.plan_id = any($13) and m.label <> '$1'))
  ) r
  window same as (partition by r."id")
), next as not materialized (
  select r."id", r."day_id", r."weight" from found r where r.crossfade_first
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
  union all
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.id = any($3) or m.id = any($4) or m.id = any($5) or m.id = any($6) or m.id = any($7) or m.id = any($8) or m.id = any($9) or m.id = any($10) or m.id = any($11) or m.id = any($12) or m.plan_id = any($13) and m.label <> '$1'))
  ) r
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, (select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."moves" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) or exists (select from found r where r.crossfade_other) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- lookup
select case when pg_catalog.cardinality(g.given) <= 50000 then g.given::text end as given, pg_catalog.format_type(pg_catalog.pg_typeof(g.given), -1) as type, pg_catalog.array_position(g.given, null) is not null as part_missing
from (select array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)) as given) g;

-- merge of what a lookup gave
with next as not materialized (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any($1::integer[])
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, (select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."moves" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- merge of what two lookups gave, beside another locator
with found as materialized (
  select r.*, row_number() over same = 1 as crossfade_first, pg_catalog.record_image_ne(r.*, lag(r.*) over same) as crossfade_other from (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any($1::integer[])
  union all
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any($2::integer[])
  union all
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."id" = any($3::bigint[])
  ) r
  window same as (partition by r."id")
), next as not materialized (
  select r."id", r."day_id", r."weight" from found r where r.crossfade_first
), prior as materialized (
  select distinct on (r."id") * from (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any($1::integer[])
  union all
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any($2::integer[])
  union all
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."id" = any($3::bigint[])
  ) r
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, (select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."moves" s where s."id" = n."id" offset 0) s
), written as (
  insert into "v2"."moves" as s ("id", "day_id", "weight")
  select n."id", n."day_id", n."weight" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "day_id" = excluded."day_id", "weight" = excluded."weight" where pg_catalog.record_image_ne(row(s."day_id", s."weight"), row(excluded."day_id", excluded."weight"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) or exists (select from found r where r.crossfade_other) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;
