-- What a checkpoint on another server cannot ask: what the stream tells of, and the clock of the server that has v1.
select crossfade.stream_tells($1) as tells, extract(epoch from clock_timestamp()) as clock
