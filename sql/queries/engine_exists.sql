select to_regclass('crossfade.migration') is not null
