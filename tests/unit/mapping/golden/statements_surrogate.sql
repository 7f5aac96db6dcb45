-- allocate
insert into "crossfade"."sample_label_no" ("plan_id", "label")
select distinct n."plan_id", n."label" from (
  select v."plan_id", v."label" from "map"."label_no" v where v."plan_id" = any($1::integer[])
) n
where not exists (select 1 from "crossfade"."sample_label_no" m where m."plan_id" = n."plan_id" and m."label" = n."label")
order by n."plan_id", n."label"
on conflict do nothing;

-- allocate between bounds
insert into "crossfade"."sample_label_no" ("plan_id", "label")
select distinct n."plan_id", n."label" from (
  select v."plan_id", v."label" from "map"."label_no" v where v."plan_id" > $1::integer and v."plan_id" <= $2::integer
) n
where not exists (select 1 from "crossfade"."sample_label_no" m where m."plan_id" = n."plan_id" and m."label" = n."label")
order by n."plan_id", n."label"
on conflict do nothing;

-- allocate by another locator and a lookup
insert into "crossfade"."sample_label_no" ("plan_id", "label")
select distinct n."plan_id", n."label" from (
  select v."plan_id", v."label" from "map"."label_no" v where v."id" = any($1::integer[])
  union all
  select v."plan_id", v."label" from "map"."label_no" v where v."id" = any(array(select m.id from v1.moves m where m.plan_id = any($2) and m.label = any($3)))
) n
where not exists (select 1 from "crossfade"."sample_label_no" m where m."plan_id" = n."plan_id" and m."label" = n."label")
order by n."plan_id", n."label"
on conflict do nothing;

-- allocate for keys of two columns
insert into "crossfade"."sample_label_no" ("plan_id", "label")
select distinct n."plan_id", n."label" from (
  select r.* from unnest($1::bigint[], $2::date[]) k(k0, k1) cross join lateral (
    select v."plan_id", v."label" from "map"."label_no" v where v."user_id" = k.k0 and v."day" = k.k1 offset 0) r
) n
where not exists (select 1 from "crossfade"."sample_label_no" m where m."plan_id" = n."plan_id" and m."label" = n."label")
order by n."plan_id", n."label"
on conflict do nothing;
