-- replace
with next as not materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."weeks" s where s."id" = n."id" offset 0) s
), removed as (
  delete from "v2"."weeks" s using compared n where n.crossfade_is = 'changed' and n."id" = s."id"
  and not exists (select from pg_catalog.pg_constraint where contype = 'f' and confrelid = '"v2"."weeks"'::regclass and confdeltype <> 'a')
  returning 1
), written as (
  insert into "v2"."weeks" as s ("id", "plan_id", "number")
  select n."id", n."plan_id", n."number" from compared n
  where (select count(*) from removed) >= 0 and n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "plan_id" = excluded."plan_id", "number" = excluded."number" where pg_catalog.record_image_ne(row(s."plan_id", s."number"), row(excluded."plan_id", excluded."number"))
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

-- stand_in
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
)
update "v2"."weeks" s set "number" = null from prior p left join next n on p."id" = n."id" where p."id" = s."id" and (n."id" is null or pg_catalog.record_image_ne(row(p."number"), row(n."number")));

-- exchanges
with next as materialized (
  select v."id", v."plan_id", v."number", array[v."plan_id"::text] as crossfade_taker from "map"."weeks" v where v."plan_id" = any($1::integer[])
)
select distinct n.crossfade_taker as taker, coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, array['0', null]) as holder
from (select r.*, plan_id as crossfade_place_0, number as crossfade_place_1 from next r where number > 1) n
join (select r.*, plan_id as crossfade_place_0, number as crossfade_place_1 from "v2"."weeks" r where number > 1) s on not (n."id" = s."id") and n.crossfade_place_0 operator(pg_catalog.=) s.crossfade_place_0 and n.crossfade_place_1 operator(pg_catalog.=) s.crossfade_place_1;

-- exchanges of a lookup's keys
with next as materialized (
  select v."id", v."day_id", v."weight", null::text[] as crossfade_taker from "map"."moves" v where v."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2)))
)
select distinct n.crossfade_taker as taker, coalesce((select case when num_nonnulls(p2."plan_id") > 0 then array['0', p2."plan_id"::text] end from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id"), case when num_nonnulls(s."id") > 0 then array['1', s."id"::text] end, array['0', null]) as holder
from (select r.*, weight as crossfade_place_0 from next r where true) n
join (select r.*, weight as crossfade_place_0 from "v2"."moves" r where true) s on not (n."id" = s."id") and n.crossfade_place_0 operator(pg_catalog.=) s.crossfade_place_0;

-- replace, with what is not the view's
with next as not materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), met as materialized (
  select coalesce(case when num_nonnulls(s."plan_id") > 0 then array['0', s."plan_id"::text] end, null) as name from (select * from compared where crossfade_is = 'fresh' offset 0) n
  cross join lateral (select * from "v2"."weeks" s where s."id" = n."id" offset 0) s
), removed as (
  delete from "v2"."weeks" s using compared n where n.crossfade_is = 'changed' and n."id" = s."id"
  and not exists (select from pg_catalog.pg_constraint where contype = 'f' and confrelid = '"v2"."weeks"'::regclass and confdeltype <> 'a')
  returning s.*
), written as (
  insert into "v2"."weeks" as s ("id", "plan_id", "number")
  select n."id", n."plan_id", n."number" from compared n
  where (select count(*) from removed) >= 0 and n.crossfade_is in ('fresh', 'changed') and not exists (select 1 from removed r where n."id" = r."id")
  on conflict ("id") do update set "plan_id" = excluded."plan_id", "number" = excluded."number" where pg_catalog.record_image_ne(row(s."plan_id", s."number"), row(excluded."plan_id", excluded."number"))
  returning 1
), returned as (
  insert into "v2"."weeks" ("id", "plan_id", "number", "note") overriding system value
  select n."id", n."plan_id", n."number", r."note" from compared n join removed r on n."id" = r."id"
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) + (select count(*) from returned) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, (select array_agg(distinct m.name::text) from met m where m.name is not null) as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- others
select a.attname from pg_catalog.pg_attribute a where a.attrelid = '"v2"."weeks"'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  and a.attname <> all ('{"id","plan_id","number"}'::text[]) order by a.attnum;

-- saved
select array_agg(row(s.*)::text) as saved from "v2"."weeks" s, unnest($1::text[]) k("id") where s."id" = k."id";

-- let go
update "v2"."weeks" s set "plan_id" = null from unnest($1::text[]) k("id") where s."id" = k."id";

-- come_back
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), saved as materialized (
  select r.* from unnest($2::text[]) line cross join lateral (select (line::"v2"."weeks").*) r
)
insert into "v2"."weeks" ("id", "plan_id", "number", "note") overriding system value
select n."id", n."plan_id", n."number", r."note" from next n join saved r on n."id" = r."id"
on conflict ("id") do nothing;

-- stale
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
)
select array_agg(p."id"::text) from prior p where not exists (select 1 from next n where p."id" = n."id");

-- moving
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
)
select array_agg(p."id"::text) from prior p left join next n on p."id" = n."id" where (n."id" is null) or (n."id" is not null and pg_catalog.record_image_ne(row(n."id", n."plan_id", n."number"), row(p."id", p."plan_id", p."number")));

-- place
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
)
insert into "v2"."weeks" ("id", "plan_id", "number")
select n."id", n."plan_id", null from next n left join prior p on p."id" = n."id" where p."id" is null
on conflict ("id") do nothing;

-- place, where none stands
with next as materialized (
  select v."id"::text as "id", v."plan_id", v."number" from "map"."weeks" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."plan_id", s."number" from "v2"."weeks" s where s."plan_id" = any($1::integer[])
), taken as materialized (
  select n."id" from (select r.*, plan_id as crossfade_place_0, number as crossfade_place_1 from next r where number > 1) n
join (select r.*, plan_id as crossfade_place_0, number as crossfade_place_1 from "v2"."weeks" r where number > 1) s on not (n."id" = s."id") and n.crossfade_place_0 operator(pg_catalog.=) s.crossfade_place_0 and n.crossfade_place_1 operator(pg_catalog.=) s.crossfade_place_1
  union all
  select n."id" from (select r.*, number as crossfade_place_0 from next r where true) n
join (select r.*, number as crossfade_place_0 from "v2"."weeks" r where true) s on not (n."id" = s."id") and n.crossfade_place_0 operator(pg_catalog.=) s.crossfade_place_0
)
insert into "v2"."weeks" ("id", "plan_id", "number")
select n."id", n."plan_id", null from next n left join prior p on p."id" = n."id" where p."id" is null and not exists (select 1 from taken t where t."id" = n."id")
on conflict ("id") do nothing;

-- place of what is generated
with next as materialized (
  select v."id", v."code"::text as "code", v."body"::text as "body" from "map"."stamps" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."code", s."body" from "v2"."stamps" s where s."id" = any($1::integer[])
)
insert into "v2"."stamps" ("id", "body") overriding system value
select n."id", null from next n left join prior p on p."id" = n."id" and p."code" = n."code" where p."id" is null
on conflict ("id", "code") do nothing;

-- locked
with free as materialized (
  select s.tableoid as part, s.ctid as place from "v2"."weeks" s where s."plan_id" = any($1::integer[]) for update of s skip locked
)
select distinct array[s."plan_id"::text] as locked from "v2"."weeks" s where s."plan_id" = any($1::integer[]) and not exists (select 1 from free f where f.part = s.tableoid and f.place = s.ctid);

-- locked along two foreign keys
with free as materialized (
  select s.tableoid as part, s.ctid as place from "v2"."moves" s where s."day_id" in (select p1."id" from "v2"."days" p1 where p1."week_id" in (select p2."id" from "v2"."weeks" p2 where p2."plan_id" = any($1::integer[]))) for update of s skip locked
)
select distinct (select array[p2."plan_id"::text] from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id") as locked from "v2"."moves" s where s."day_id" in (select p1."id" from "v2"."days" p1 where p1."week_id" in (select p2."id" from "v2"."weeks" p2 where p2."plan_id" = any($1::integer[]))) and not exists (select 1 from free f where f.part = s.tableoid and f.place = s.ctid);

-- locked of a lookup's keys
with free as materialized (
  select s.tableoid as part, s.ctid as place from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2))) for update of s skip locked
)
select distinct null::text[] as locked from "v2"."moves" s where s."id" = any(array(select m.id from v1.moves m where m.plan_id = any($1) and m.label = any($2))) and not exists (select 1 from free f where f.part = s.tableoid and f.place = s.ctid);

-- behind
with next as materialized (
  select v."id", v."plan_id", v."number", array[v."plan_id"::text] as crossfade_taker from "map"."weeks" v where v."plan_id" = any($1::integer[])
), before as materialized (
  select s."id", p.tableoid as part, p.ctid as place from "v2"."weeks" s join "v2"."plans" p on p.id = s.plan_id where exists (select 1 from next n where n."id" = s."id")
), wanted as materialized (
  select s.*, p.tableoid as crossfade_part, p.ctid as crossfade_place from next s join "v2"."plans" p on p.id = s.plan_id
  where not exists (select 1 from before b where s."id" = b."id" and b.part = p.tableoid and b.place = p.ctid)
), free as materialized (
  select p.tableoid as part, p.ctid as place from "v2"."plans" p where exists (select 1 from wanted s where p.id = s.plan_id) for key share of p skip locked
)
select distinct s.crossfade_taker as locked from wanted s where not exists (select 1 from free f where f.part = s.crossfade_part and f.place = s.crossfade_place);

-- waiting
with next as materialized (
  select v."id", v."plan_id", v."number", array[v."plan_id"::text] as crossfade_taker from "map"."weeks" v where v."plan_id" = any($1::integer[])
)
select distinct s.crossfade_taker as taker, null::text[] as needed from next s where s.plan_id is not null and not exists (select 1 from "v2"."plans" p where p.id = s.plan_id);

-- waiting for one of the same table
with next as materialized (
  select v."id", v."plan_id", v."number", array[v."plan_id"::text] as crossfade_taker from "map"."weeks" v where v."plan_id" = any($1::integer[])
)
select distinct s.crossfade_taker as taker, p.crossfade_taker as needed
from (select s.* from next s where s.id is not null and not exists (select 1 from "v2"."weeks" p where p.id = s.id)) s left join next p on p.id = s.id;

-- stale, of rows that may stay
with next as materialized (
  select v."user_id", v."day", v."volume", v."team_id" from "map"."sums" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."sums" s where s."team_id" = any($1::integer[])
)
select array_agg(p."user_id"::text), array_agg(p."day"::text) from prior p where not exists (select 1 from next n where p."user_id" = n."user_id" and p."day" = n."day") and not exists (select 1 from "map"."rejected_sums" k where k."user_id" = p."user_id" and k."day" = p."day" offset 0);

-- remove what nothing refers to
delete from "v2"."weeks" s where s."id" = any($1::text[])
  and not exists (select from v2.days r where r.week_id = s.id);
