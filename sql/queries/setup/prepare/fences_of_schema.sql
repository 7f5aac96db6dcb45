select format('drop trigger crossfade_fence on %s', t.tgrelid::regclass)
from pg_trigger t join pg_class c on c.oid = t.tgrelid
where t.tgname = 'crossfade_fence' and c.relnamespace = to_regnamespace(quote_ident($1))
