select edition, file, encode(content, 'hex') from crossfade.edition_file where migration = $1 order by edition, file
