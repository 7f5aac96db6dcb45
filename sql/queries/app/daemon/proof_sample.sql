-- When all targets were last found equal, and the most rows that one verification found to differ since.
select (select extract(epoch from v.ended_at) from crossfade.verification v where v.id = clean.id) as clean_at,
       (select max(v.drifted_rows) from crossfade.verification v where v.migration = $1 and v.id >= coalesce(clean.id, 0)) as drifted_rows
from (select max(id) as id from crossfade.verification where migration = $1 and whole and drifted_rows = 0) clean
