select detail, fix from crossfade.shape_faults($1)
