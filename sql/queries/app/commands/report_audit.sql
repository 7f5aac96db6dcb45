select at, who, action, detail, lsn from crossfade.audit where migration = $1 order by id desc limit 100
