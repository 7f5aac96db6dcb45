-- explain
with next as materialized (
  select v."id", v."title"::character varying as "title", v."note"::text as "note", v."score" from "map"."plans" v where v."id" = any($1::integer[])
), prior as materialized (
  select s."id", s."title", s."note", s."score" from "v2"."plans" s where s."id" = any($1::integer[])
)
select to_jsonb(n.*) as in_view, to_jsonb(p.*) as in_shadow,
  to_jsonb(n.*) is null or to_jsonb(p.*) is null or pg_catalog.record_image_ne(row(n."id", n."title", n."note", n."score"), row(p."id", p."title", p."note", p."score")) as differs,
  false as kept, s.xmin::text as written_by,
  case when pg_catalog.current_setting('track_commit_timestamp')::boolean then pg_catalog.pg_xact_commit_timestamp(s.xmin) end as written_at
from next n full join prior p on p."id" = n."id"
left join lateral (select s.xmin from "v2"."plans" s where s."id" = p."id") s on true
order by coalesce(n."id", p."id");

-- explain along two foreign keys
with next as materialized (
  select v."id", v."day_id"::text as "day_id", v."weight" from "map"."moves" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."day_id", s."weight" from "v2"."moves" s where s."day_id" in (select p1."id" from "v2"."days" p1 where p1."week_id" in (select p2."id" from "v2"."weeks" p2 where p2."plan_id" = any($1::integer[])))
)
select to_jsonb(n.*) as in_view, to_jsonb(p.*) as in_shadow,
  to_jsonb(n.*) is null or to_jsonb(p.*) is null or pg_catalog.record_image_ne(row(n."id", n."day_id", n."weight"), row(p."id", p."day_id", p."weight")) as differs,
  false as kept, s.xmin::text as written_by,
  case when pg_catalog.current_setting('track_commit_timestamp')::boolean then pg_catalog.pg_xact_commit_timestamp(s.xmin) end as written_at
from next n full join prior p on p."id" = n."id"
left join lateral (select s.xmin from "v2"."moves" s where s."id" = p."id") s on true
order by coalesce(n."id", p."id");

-- explain by a key of two columns
with next as materialized (
  select r.* from unnest($1::bigint[], $2::date[]) k(k0, k1) cross join lateral (
    select v."user_id", v."day", v."volume", v."team_id" from "map"."totals" v where v."user_id" = k.k0 and v."day" = k.k1 offset 0) r
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."totals" s where exists (select 1 from unnest($1::bigint[], $2::date[]) k(k0, k1) where s."user_id" = k.k0 and s."day" = k.k1)
)
select to_jsonb(n.*) as in_view, to_jsonb(p.*) as in_shadow,
  to_jsonb(n.*) is null or to_jsonb(p.*) is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id")) as differs,
  false as kept, s.xmin::text as written_by,
  case when pg_catalog.current_setting('track_commit_timestamp')::boolean then pg_catalog.pg_xact_commit_timestamp(s.xmin) end as written_at
from next n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
left join lateral (select s.xmin from "v2"."totals" s where s."user_id" = p."user_id" and s."day" = p."day") s on true
order by coalesce(n."user_id", p."user_id"), coalesce(n."day", p."day");

-- explain rows that may stay
with next as materialized (
  select v."user_id", v."day", v."volume", v."team_id" from "map"."sums" v where v."team_id" = any($1::integer[])
), prior as materialized (
  select s."user_id", s."day", s."volume", s."team_id" from "v2"."sums" s where s."team_id" = any($1::integer[])
)
select to_jsonb(n.*) as in_view, to_jsonb(p.*) as in_shadow,
  to_jsonb(n.*) is null or to_jsonb(p.*) is null or pg_catalog.record_image_ne(row(n."user_id", n."day", n."volume", n."team_id"), row(p."user_id", p."day", p."volume", p."team_id")) as differs,
  to_jsonb(n.*) is null and exists (select 1 from "map"."rejected_sums" k where k."user_id" = p."user_id" and k."day" = p."day" offset 0) as kept, s.xmin::text as written_by,
  case when pg_catalog.current_setting('track_commit_timestamp')::boolean then pg_catalog.pg_xact_commit_timestamp(s.xmin) end as written_at
from next n full join prior p on p."user_id" = n."user_id" and p."day" = n."day"
left join lateral (select s.xmin from "v2"."sums" s where s."user_id" = p."user_id" and s."day" = p."day") s on true
order by coalesce(n."user_id", p."user_id"), coalesce(n."day", p."day");

-- explain, located by the file
with next as materialized (
  select v."id", v."week_id"::text as "week_id", v."body"::text as "body" from "map"."notes" v where v."plan_id" = any($1::integer[])
), prior as materialized (
  select s."id", s."week_id", s."body" from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
)
select to_jsonb(n.*) as in_view, to_jsonb(p.*) as in_shadow,
  to_jsonb(n.*) is null or to_jsonb(p.*) is null or pg_catalog.record_image_ne(row(n."id", n."week_id", n."body"), row(p."id", p."week_id", p."body")) as differs,
  false as kept, s.xmin::text as written_by,
  case when pg_catalog.current_setting('track_commit_timestamp')::boolean then pg_catalog.pg_xact_commit_timestamp(s.xmin) end as written_at
from next n full join prior p on p."id" = n."id"
left join lateral (select s.xmin from "v2"."notes" s where s."id" = p."id") s on true
order by coalesce(n."id", p."id");

-- values of another locator
select found.key from (
  select array[v."plan_id"::text] from "map"."moves" v where v."id" = any($1::integer[])
  union
  select (select array[p2."plan_id"::text] from "v2"."days" p1, "v2"."weeks" p2 where p1."id" = s."day_id" and p2."id" = p1."week_id") from "v2"."moves" s where s."id" = any($1::integer[])
) found (key) where found.key is not null;

-- values of a lookup's columns
select found.key from (
  select r.* from unnest($1::bigint[], $2::date[]) k(k0, k1) cross join lateral (
    select array[v."user_id"::text, v."day"::text] from "map"."totals" v where v."user_id" = k.k0 and v."day" = k.k1 offset 0) r
  union
  select array[s."user_id"::text, s."day"::text] from "v2"."totals" s where exists (select 1 from unnest($1::bigint[], $2::date[]) k(k0, k1) where s."user_id" = k.k0 and s."day" = k.k1)
) found (key) where found.key is not null;

-- values, located by the file
select found.key from (
  select array[v."plan_id"::text] from "map"."notes" v where v."plan_id" = any($1::integer[])
  union
  select null::text[] from "v2"."notes" s where (s."week_id" in (select w.id from v2.weeks w where w.plan_id = any($1::integer[])))
) found (key) where found.key is not null;
