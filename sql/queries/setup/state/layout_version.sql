select version from crossfade.layout
