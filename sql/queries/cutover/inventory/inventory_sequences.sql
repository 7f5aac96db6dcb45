-- Sequences that the flip sets, and those that it cannot. $1: pairs of columns, of the table that is to be written (`own`) and of the one
-- that was, whose values are each other's; without columns, those of one name are. $2: the schema of v1's tables; $3: as $1 for foreign keys.
with sequence as materialized (
  select * from crossfade.column_sequence
), inside as materialized (
  select p.relation
  from crossfade.pieces(array(select distinct to_regclass(t.name) from jsonb_to_recordset($3::jsonb) as l (owner text, follower text) cross join lateral (values (owner), (follower)) t (name)
                              where t.name is not null)) p (relation)
), reach as (
  select s.seqrelid, p.own, p.own_column, s.seqmin, s.seqmax, s.seqincrement,
         max(crossfade.reach_of(o.seqrelid, o.seqincrement, s.seqincrement)) filter (where s.seqincrement > 0) as highest,
         min(crossfade.reach_of(o.seqrelid, o.seqincrement, s.seqincrement)) filter (where s.seqincrement < 0) as lowest
  from crossfade.sequence_pairs($1::jsonb) p
  join sequence s on s.relation = p.own and s.name = p.own_column
  left join sequence o on o.relation = p.other and o.name = p.other_column and o.seqrelid <> s.seqrelid
  group by 1, 2, 3, 4, 5, 6
)
select format('sequence %s', r.seqrelid::regclass) as object, format('gives %s.%I its values', r.own::regclass, r.own_column) as way,
       case when r.highest >= r.seqmax or r.lowest <= r.seqmin then 'block' else 'said' end as handling,
       case when r.highest >= r.seqmax or r.lowest <= r.seqmin then format('ends at %s, and the other side has given %s', case when r.lowest is null then r.seqmax else r.seqmin end, coalesce(r.lowest, r.highest))
            else 'goes beyond what either side has given' end as flip,
       'v1''s goes beyond what v2 has given' as rollback,
       case when r.highest >= r.seqmax or r.lowest <= r.seqmin then format('alter sequence %s as bigint no maxvalue, and its column too', r.seqrelid::regclass) else '' end as fix,
       '' as sql, '' as locked, '' as referred
from reach r
union all
-- One that several columns draw from gives each number to one of them alone.
select format('sequence %s', o.seqrelid::regclass), format('gives %s their values, no number to two of them', string_agg(distinct format('%s.%I', p.other::regclass, p.other_column), ', ')), 'block',
       format('v2''s %s give the same number to several', string_agg(distinct s.seqrelid::regclass::text, ', ')), 'gives them all their values again',
       'let those of v2 draw from one sequence too: alter table ... alter column ... set default nextval(...)', '', '', ''
from crossfade.sequence_pairs($1::jsonb) p
join sequence o on o.relation = p.other and o.name = p.other_column
join sequence s on s.relation = p.own and s.name = p.own_column
group by o.seqrelid
having count(distinct (p.other, p.other_column)) > 1 and count(distinct s.seqrelid) > 1
union all
-- And tables outside, from one that stays as it is.
select format('sequence %s', o.seqrelid::regclass), format('gives %s numbers too, none of them twice', string_agg(distinct format('%s.%I', x.relation::regclass, x.name), ', ')), 'block',
       format('v2''s %s give the same numbers', string_agg(distinct s.seqrelid::regclass::text, ', ')), 'gives them all their values again',
       format('let v2 draw from it too: alter table ... alter column ... set default nextval(%L)', o.seqrelid::regclass), '', '', ''
from crossfade.sequence_pairs($1::jsonb) p
join sequence o on o.relation = p.other and o.name = p.other_column
join sequence s on s.relation = p.own and s.name = p.own_column
join sequence x on x.seqrelid = o.seqrelid and x.relation not in (select relation from inside)
join pg_class c on c.oid = x.relation and c.relpersistence <> 't'
where o.seqrelid not in (select relation from inside)
  and not exists (select from sequence v where v.relation = p.own and v.name = p.own_column and v.seqrelid = o.seqrelid)
group by o.seqrelid
union all
select format('sequence %s', c.oid::regclass), 'belongs to no table', 'said', 'stays as it is: v2''s do not know what a client has drawn from it beyond the rows that there are',
       'stays as it is', '', '', '', ''
from pg_class c
where c.relkind = 'S' and c.relnamespace = to_regnamespace(quote_ident($2))
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i', 'e'))
  and not exists (select from pg_depend d where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid)
order by 1
