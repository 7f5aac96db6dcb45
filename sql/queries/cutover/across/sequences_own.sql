-- On v2's server: of the pairs of columns $1 those whose own column has a sequence there; the others' tables are known by name alone.
with pair as (
  select * from jsonb_to_recordset($1::jsonb) as p (own text, own_column text, other text, other_column text)
), sequence as (
  select distinct relation, name from crossfade.column_sequence
)
select coalesce(jsonb_agg(distinct jsonb_build_object('own', p.own, 'own_column', s.name, 'other', p.other, 'other_column', coalesce(p.other_column, s.name))), '[]') as pairs
from pair p join sequence s on s.relation = to_regclass(p.own)::oid and (p.own_column is null or s.name = p.own_column)
