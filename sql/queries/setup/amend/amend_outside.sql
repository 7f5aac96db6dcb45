-- Whether tables of a schema refer to tables outside of it.
select exists (select from pg_constraint k join pg_class p on p.oid = k.confrelid
               where k.connamespace = to_regnamespace(quote_ident($1)) and p.relnamespace <> k.connamespace)
