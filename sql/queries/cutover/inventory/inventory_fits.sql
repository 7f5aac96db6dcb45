-- Tables of one name on both sides where a statement that was written for the one is taken by the other: an application that has not heard of
-- the flip is not refused there. $1 as for foreign keys. An insert is taken that names columns of both alone, where all others of the table may be left out.
-- And the schema that v2's tables go to, where none of v1's stands in it.
with place as (
  select to_regclass(owner)::oid as owner, to_regclass(follower)::oid as follower, same, n.nspname as before, (parse_ident(after))[1] as after
  from jsonb_to_recordset($1::jsonb) as l (owner text, follower text, after text, same boolean)
  left join pg_class c on c.oid = to_regclass(owner) left join pg_namespace n on n.oid = c.relnamespace
), link as (
  select owner, follower from place where same and before = after
), lacking as (
  select l.owner, l.follower,
         (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a join pg_attribute b on b.attrelid = l.follower and b.attname = a.attname and not b.attisdropped
          where a.attrelid = l.owner and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and b.attgenerated = '') as both_have,
         (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
          where a.attrelid = l.owner and a.attnum > 0 and not a.attisdropped and not exists (select from pg_attribute b where b.attrelid = l.follower and b.attname = a.attname and not b.attisdropped)) as v1_alone,
         exists (select from pg_attribute b where b.attrelid = l.follower and b.attnum > 0 and not b.attisdropped and b.attnotnull and not b.atthasdef and b.attidentity = ''
                 and not exists (select from pg_attribute a where a.attrelid = l.owner and a.attname = b.attname and not a.attisdropped)) as v2_refuses,
         exists (select from pg_attribute a where a.attrelid = l.owner and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef and a.attidentity = ''
                 and not exists (select from pg_attribute b where b.attrelid = l.follower and b.attname = a.attname and not b.attisdropped)) as v1_refuses
  from link l
)
select format('table %s', l.owner::regclass) as object, 'has its name on both sides' as way, 'said' as handling,
       case when l.v2_refuses then 'refuses inserts that were written for v1'
            when l.v1_alone is null then 'takes inserts that were written for v1'
            else format('takes inserts that were written for v1, unless they name %s', l.v1_alone) end as flip,
       case when l.v1_refuses then 'refuses inserts that were written for v2' else format('takes inserts that were written for v2, if they name no more than %s', l.both_have) end as rollback,
       '' as fix, '' as sql, '' as locked, '' as referred
from lacking l
where l.both_have is not null and not (l.v2_refuses and l.v1_refuses)
union all
select format('schema %I', p.after), format('v1''s tables stand in %s', string_agg(distinct quote_ident(p.before), ', ')), 'block',
       'has v2''s tables: whoever looks where v1''s were finds none', 'loses them again',
       format('begin anew with schemas: {source: %s} in migration.yaml', min(quote_ident(p.before))), '', '', ''
from place p where p.after is not null group by p.after having count(p.before) > 0 and count(*) filter (where p.before = p.after) = 0
order by 1
