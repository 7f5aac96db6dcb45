-- merge
with next as not materialized (
  select v."id", v."title"::character varying as "title", v."note"::text as "note", v."score" from "map"."plans" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."title", s."note", s."score" from "v2"."plans" s where s."id" = any($1::integer[])
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."title", n."note", n."score"), row(p."id", p."title", p."note", p."score")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id"
), written as (
  insert into "v2"."plans" as s ("id", "title", "note", "score")
  select n."id", n."title", n."note", n."score" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id") do update set "title" = excluded."title", "note" = excluded."note", "score" = excluded."score" where pg_catalog.record_image_ne(row(s."title", s."note", s."score"), row(excluded."title", excluded."note", excluded."score"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, null::text[] as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- compare
with next as materialized (
  select v."id", v."title"::character varying as "title", v."note"::text as "note", v."score", v."id" as crossfade_chunk_0 from "map"."plans" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."title", s."note", s."score" from "v2"."plans" s where s."id" = any($1::integer[])
), differing as (
  select case when (n."id" is not null or p."id" is null) then array[n.crossfade_chunk_0::text]
    else (select array[s."id"::text] from "v2"."plans" s where s."id" = p."id") end as walk,
    case when (n."id" is not null or p."id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."title", n."note", n."score"), row(p."id", p."title", p."note", p."score"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;

-- remove
delete from "v2"."plans" s where s."id" = any($1::integer[]);

-- bulk
insert into "v2"."plans" ("id", "title", "note", "score")
  select v."id", v."title"::character varying as "title", v."note"::text as "note", v."score" from "map"."plans" v where v."id" = any($1::integer[]);
