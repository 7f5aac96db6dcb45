-- Whether this layout knows of migrations on two servers.
select to_regclass('crossfade.other_server') is not null
