select format('drop trigger crossfade_guard on %s', t.tgrelid::regclass)
from pg_trigger t join pg_class c on c.oid = t.tgrelid
where t.tgname = 'crossfade_guard' and c.relnamespace = to_regnamespace(quote_ident($1))
