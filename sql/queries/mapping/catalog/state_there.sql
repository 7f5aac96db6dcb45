-- Whether any migration is known in this database.
select to_regclass('crossfade.migration') is not null as there
