-- merge
with next as materialized (
  select v."id", v."code"::text as "code", v."body"::text as "body" from "map"."stamps" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."code", s."body" from "v2"."stamps" s where s."id" = any($1::integer[])
), written as (
  insert into "v2"."stamps" as s ("id", "body") overriding system value
  select n."id", n."body" from next n left join prior p on p."id" = n."id" and p."code" = n."code"
  where p."id" is null or pg_catalog.record_image_ne(row(n."id", n."code", n."body"), row(p."id", p."code", p."body"))
  on conflict ("id", "code") do update set "body" = excluded."body" where pg_catalog.record_image_ne(row(s."body"), row(excluded."body"))
  returning 1
), stale as (
  select p."id", p."code" from prior p where not exists (select 1 from next n where p."id" = n."id" and p."code" = n."code")
), counted as materialized (
  select (select count(*) from next) as in_view, (select count(*) from written) as written,
    (select count(*) from next) - (select count(*) from prior) + (select count(*) from stale) as fresh
)
select c.in_view, least(c.fresh, c.written) as inserted, c.written - least(c.fresh, c.written) as updated, stale.*
from counted c left join stale on true;

-- bulk
insert into "v2"."stamps" ("id", "body") overriding system value
  select n."id", n."body" from (
  select v."id", v."code"::text as "code", v."body"::text as "body" from "map"."stamps" v where true
  ) n;

-- compare
with next as materialized (
  select v."id", v."code"::text as "code", v."body"::text as "body", v."id" as crossfade_walk_0 from "map"."stamps" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."code", s."body" from "v2"."stamps" s where s."id" = any($1::integer[])
), differing as (
  select case when n."id" is not null then array[n.crossfade_walk_0::text]
    else (select array[s."id"::text] from "v2"."stamps" s where s."id" = p."id" and s."code" = p."code") end as walk,
    case when n."id" is not null then to_jsonb(n.*) - array['crossfade_walk_0'] end as in_view,
    case when p."id" is not null then to_jsonb(p.*) end as in_shadow
  from next n full join prior p on p."id" = n."id" and p."code" = n."code"
  where n."id" is null or p."id" is null or pg_catalog.record_image_ne(row(n."id", n."code", n."body"), row(p."id", p."code", p."body"))
)
select (select count(*) from next), (select count(*) from prior), differing.*
from (values (1)) one left join differing on true;

-- remove
delete from "v2"."stamps" s using unnest($1::integer[], $2::text[]) k("id", "code") where s."id" = k."id" and s."code" = k."code";
