select extract(epoch from at) as at, who, action || coalesce(' ' || trim_scale((detail ->> 'percent')::numeric) || ' %', '') as action, lsn
from crossfade.audit where migration = $1 order by id desc limit 20
