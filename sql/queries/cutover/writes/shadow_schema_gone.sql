-- What makes schema $1 again, to which v2's tables go back, as whoever has schema crossfade has it; no row where it is there.
select format('create schema %I authorization %I', $1::text, pg_get_userbyid(n.nspowner)) as fix
from pg_namespace n where n.nspname = 'crossfade' and to_regnamespace(quote_ident($1)) is null
