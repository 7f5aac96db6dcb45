-- What the stream tells of, as one text.
select crossfade.stream_tells($1)
