-- next_bound of everything
with bounds as (
  select bound from (
    (select t."id"::integer as bound from "v1"."plans" t where t."id" is not null group by t."id" order by t."id" limit $1::bigint)
    union
    (select t."plan_id"::integer as bound from "v2"."weeks" t where t."plan_id" is not null group by t."plan_id" order by t."plan_id" limit $1::bigint)
  ) b order by bound limit $1::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- next_bound up to a bound
with bounds as (
  select bound from (
    (select t."id"::integer as bound from "v1"."plans" t where t."id" is not null and t."id" <= $1::integer group by t."id" order by t."id" limit $2::bigint)
    union
    (select t."plan_id"::integer as bound from "v2"."weeks" t where t."plan_id" is not null and t."plan_id" <= $1::integer group by t."plan_id" order by t."plan_id" limit $2::bigint)
  ) b order by bound limit $2::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- next_bound between bounds
with bounds as (
  select bound from (
    (select t."id"::integer as bound from "v1"."plans" t where t."id" is not null and t."id" > $1::integer and t."id" <= $2::integer group by t."id" order by t."id" limit $3::bigint)
    union
    (select t."plan_id"::integer as bound from "v2"."weeks" t where t."plan_id" is not null and t."plan_id" > $1::integer and t."plan_id" <= $2::integer group by t."plan_id" order by t."plan_id" limit $3::bigint)
  ) b order by bound limit $3::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- next_bound above a bound
with bounds as (
  select bound from (
    (select t."id"::integer as bound from "v1"."plans" t where t."id" is not null and t."id" > $1::integer group by t."id" order by t."id" limit $2::bigint)
    union
    (select t."plan_id"::integer as bound from "v2"."weeks" t where t."plan_id" is not null and t."plan_id" > $1::integer group by t."plan_id" order by t."plan_id" limit $2::bigint)
  ) b order by bound limit $2::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- next_bound into an empty table
with bounds as (
  select bound from (
    (select t."id"::integer as bound from "v1"."plans" t where t."id" is not null and t."id" > $1::integer and t."id" <= $2::integer group by t."id" order by t."id" limit $3::bigint)
  ) b order by bound limit $3::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- next_bound along two foreign keys
with bounds as (
  select bound from (
    (select t."id"::integer as bound from "v1"."plans" t where t."id" is not null and t."id" > $1::integer and t."id" <= $2::integer group by t."id" order by t."id" limit $3::bigint)
    union
    (select t."plan_id"::integer as bound from "v2"."weeks" t where t."plan_id" is not null and t."plan_id" > $1::integer and t."plan_id" <= $2::integer group by t."plan_id" order by t."plan_id" limit $3::bigint)
  ) b order by bound limit $3::bigint
)
select (select bound::text from bounds order by bounds.bound desc limit 1) as bound, (select count(*) from bounds) as found;

-- middle of everything
with bounds as (
  select distinct v."plan_id" as bound from "map"."weeks" v where true and v."plan_id" is not null
  union
  select distinct v."plan_id" as bound from "v2"."weeks" v where true and v."plan_id" is not null
)
select (select bound::text from bounds order by bounds.bound offset ((select count(*) from bounds) - 1) / 2 limit 1) as bound, (select count(*) from bounds) as found;

-- middle between bounds
with bounds as (
  select distinct v."plan_id" as bound from "map"."weeks" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer and v."plan_id" is not null
  union
  select distinct v."plan_id" as bound from "v2"."weeks" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer and v."plan_id" is not null
)
select (select bound::text from bounds order by bounds.bound offset ((select count(*) from bounds) - 1) / 2 limit 1) as bound, (select count(*) from bounds) as found;

-- middle above a bound
with bounds as (
  select distinct v."plan_id" as bound from "map"."weeks" v where v."plan_id" > $1::integer and v."plan_id" is not null
  union
  select distinct v."plan_id" as bound from "v2"."weeks" v where v."plan_id" > $1::integer and v."plan_id" is not null
)
select (select bound::text from bounds order by bounds.bound offset ((select count(*) from bounds) - 1) / 2 limit 1) as bound, (select count(*) from bounds) as found;
