select edition, file, encode(content, 'hex') as content from crossfade.edition_file where migration = $1 order by edition, file
