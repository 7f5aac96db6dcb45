select number, how, to_char(at, 'YYYY-MM-DD HH24:MI:SS'), who, lsn, changes, encode(ddl, 'hex') from crossfade.edition where migration = $1 order by number
