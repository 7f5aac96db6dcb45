select number, how, to_char(at, 'YYYY-MM-DD HH24:MI:SS') as at, who, lsn, changes, encode(ddl, 'hex') as ddl from crossfade.edition where migration = $1 order by number
