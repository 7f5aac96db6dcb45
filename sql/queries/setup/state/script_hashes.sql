select file, hash, to_char(installed_at, 'YYYY-MM-DD HH24:MI') as since from crossfade.script where migration = $1 and hash <> '' order by file
