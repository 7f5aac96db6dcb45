select percent from crossfade.reads where migration = $1
