-- On v2's server: beyond that, and beyond the rows that are there.
select crossfade.advance_sequence(to_regclass(p.own), p.own_column, null, null, p.upward, p.downward)
from jsonb_to_recordset($1::jsonb) as p (own text, own_column text, upward bigint, downward bigint)
