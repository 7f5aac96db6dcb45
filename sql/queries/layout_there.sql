select to_regclass('crossfade.migration') is not null, to_regclass('crossfade.layout') is not null
