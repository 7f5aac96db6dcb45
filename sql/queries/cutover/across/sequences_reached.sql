-- On v1's server: how far its sequences have given, for each of these pairs.
select coalesce(jsonb_agg(jsonb_build_object('own', p.own, 'own_column', p.own_column, 'upward', r.upward, 'downward', r.downward)), '[]') as reached
from jsonb_to_recordset($1::jsonb) as p (own text, own_column text, other text, other_column text)
cross join lateral (
  select max(crossfade.reach_of(s.seqrelid, s.seqincrement, 1)) as upward, min(crossfade.reach_of(s.seqrelid, s.seqincrement, -1)) as downward
  from crossfade.column_sequence s where s.relation = to_regclass(p.other)::oid and s.name = p.other_column
) r
