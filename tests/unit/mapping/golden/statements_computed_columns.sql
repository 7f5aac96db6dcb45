-- merge
with next as not materialized (
  select v."id", v."code"::text as "code", v."body"::text as "body" from "map"."stamps" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."code", s."body" from "v2"."stamps" s where s."id" = any($1::integer[])
), compared as materialized (
  select n.*, p."id" as crossfade_key_0, p."code" as crossfade_key_1, case when p."id" is null then 'fresh' when n."id" is null then 'stale'
    when pg_catalog.record_image_ne(row(n."id", n."code", n."body"), row(p."id", p."code", p."body")) then 'changed' else 'equal' end as crossfade_is
  from (select * from next offset 0) n full join prior p on p."id" = n."id" and p."code" = n."code"
), written as (
  insert into "v2"."stamps" as s ("id", "body") overriding system value
  select n."id", n."body" from compared n
  where n.crossfade_is in ('fresh', 'changed')
  on conflict ("id", "code") do update set "body" = excluded."body" where pg_catalog.record_image_ne(row(s."body"), row(excluded."body"))
  returning 1
), stale as (
  select n.crossfade_key_0 as "id", n.crossfade_key_1 as "code" from compared n where n.crossfade_is = 'stale'
), counted as materialized (
  select count(*) filter (where n.crossfade_is <> 'stale') as in_view, count(*) filter (where n.crossfade_is = 'fresh') as fresh, (select count(*) from written) as written,
    count(*) filter (where n.crossfade_is <> 'fresh') > (select count(*) from prior) as doubled, null::text[] as met
  from compared n
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, c.doubled, c.met, stale.*
from counted c left join stale on true;

-- bulk
insert into "v2"."stamps" ("id", "body") overriding system value
  select n."id", n."body" from (
  select v."id", v."code"::text as "code", v."body"::text as "body" from "map"."stamps" v where true
  ) n;

-- compare
with next as materialized (
  select v."id", v."code"::text as "code", v."body"::text as "body", v."id" as crossfade_chunk_0 from "map"."stamps" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."code", s."body" from "v2"."stamps" s where s."id" = any($1::integer[])
), differing as (
  select case when (n."id" is not null or p."id" is null) then array[n.crossfade_chunk_0::text]
    else (select array[s."id"::text] from "v2"."stamps" s where s."id" = p."id" and s."code" = p."code") end as walk,
    case when (n."id" is not null or p."id" is null) then to_jsonb(n.*) - array['crossfade_chunk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id" and p."code" = n."code"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."code", n."body"), row(p."id", p."code", p."body"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;

-- remove
delete from "v2"."stamps" s using unnest($1::integer[], $2::text[]) k("id", "code") where s."id" = k."id" and s."code" = k."code";
