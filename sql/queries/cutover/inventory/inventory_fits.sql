-- Tables of one name on both sides where a statement that was written for the one is taken by the other: an application that has not heard of
-- the flip is not refused there. $1 as for foreign keys. An insert is taken that names columns of both alone, where all others of the table may be left out; one that a value is always made for may not be named.
-- And the schema that v2's tables go to, where none of v1's stands in it.
with place as (
  select to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, same, n.nspname as before, (parse_ident(after))[1] as after
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, after text, same boolean)
  left join pg_class c on c.oid = to_regclass(owner) left join pg_namespace n on n.oid = c.relnamespace
), link as (
  select owner, follower from place where same and before = after
), of_column as (
  -- What an insert that says nothing of a column gets, and what may say nothing: by a table's own default, or its domain's.
  select c.oid as relation, a.attname, a.attnum, a.attgenerated <> '' or a.attidentity = 'a' as always, a.atthasdef or a.attidentity <> '' or t.typdefault is not null as given,
         (a.attnotnull or t.typnotnull) and not (a.atthasdef or a.attidentity <> '' or t.typdefault is not null) as wanted
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped join pg_type t on t.oid = a.atttypid
  where c.oid in (select owner from link union select follower from link)
), each as (
  select l.owner, l.follower, a.attname as v1, b.attname as v2, coalesce(a.attnum, 0) as v1_place, a.always as v1_always, b.always as v2_always, a.wanted as v1_wanted, b.wanted as v2_wanted,
         a.given as v1_given, b.given as v2_given
  from link l
  cross join lateral (
    select o.attname from of_column o where o.relation = l.owner
    union
    select o.attname from of_column o where o.relation = l.follower
  ) n
  left join of_column a on a.relation = l.owner and a.attname = n.attname
  left join of_column b on b.relation = l.follower and b.attname = n.attname
), lacking as (
  select owner, follower,
         string_agg(quote_ident(v1), ', ' order by v1_place) filter (where v1 is not null and v2 is not null and not v1_always and not v2_always) as both_have,
         string_agg(quote_ident(v1), ', ' order by v1_place) filter (where v1 is not null and not v1_always and (v2 is null or v2_always)) as v1_alone,
         string_agg(quote_ident(v1), ', ' order by v1_place) filter (where v1 is not null and v2_wanted and not v1_wanted) as v2_asks,
         string_agg(quote_ident(v1), ', ' order by v1_place) filter (where v2 is not null and v1_wanted and not v2_wanted) as v1_asks,
         string_agg(quote_ident(v1), ', ' order by v1_place) filter (where v1_given and not v1_always and v2 is not null and not v2_given and not v2_wanted) as v2_empty,
         coalesce(bool_or(v1 is null and v2_wanted), false) as v2_refuses, coalesce(bool_or(v2 is null and v1_wanted), false) as v1_refuses
  from each
  group by owner, follower
)
select format('table %s', l.owner::regclass) as object, 'has its name on both sides' as way, 'said' as handling,
       case when l.v2_refuses then 'refuses inserts that were written for v1'
            else 'takes inserts that were written for v1' || coalesce(', unless they ' || nullif(concat_ws(' or ', 'name ' || l.v1_alone, 'leave out ' || l.v2_asks), ''), '')
                 || coalesce('; leaves ' || l.v2_empty || ' empty where v1 has a default', '') end as flip,
       case when l.v1_refuses then 'refuses inserts that were written for v2'
            else format('takes inserts that were written for v2, if they name no more than %s', l.both_have) || coalesce(' and do not leave out ' || l.v1_asks, '') end as rollback,
       '' as fix, '' as sql, '' as locked, '' as referred
from lacking l
where l.both_have is not null and not (l.v2_refuses and l.v1_refuses)
union all
select format('schema %I', p.after), format('v1''s tables stand in %s', string_agg(distinct quote_ident(p.before), ', ')), 'block',
       'has v2''s tables: whoever looks where v1''s were finds none', 'loses them again',
       format('begin anew with schemas: {source: %s} in migration.yaml', min(quote_ident(p.before))), '', '', ''
from place p where p.after is not null group by p.after having count(p.before) > 0 and count(*) filter (where p.before = p.after) = 0
order by 1
