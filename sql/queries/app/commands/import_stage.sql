-- The lines of one file as they are, for the time of its transaction.
create temporary table crossfade_import (line bigint not null, bytes bytea not null) on commit drop
