-- A uuid that depends on nothing but its arguments: the identity of rows that a mapping makes up, the same however often
-- they are computed.
--
-- RFC 9562 version 8 over SHA-256, because core PostgreSQL has no SHA-1 (version 5), and MD5 (version 3) raises an error on
-- servers in FIPS mode and lets whoever writes a label make two names collide.
--
-- The name that is hashed is the namespace's 16 bytes and then the parts as PostgreSQL prints an array, in UTF-8. Printing
-- quotes what would be ambiguous: ('a', 'bc') is {a,bc} and ('ab', 'c') is {ab,c}; ('a,b') is {"a,b"}.
--
-- A null part makes the whole null: a primary key refuses it, where a made-up value would be taken for one.
--
-- plpgsql and not sql: an array's text counts as stable, so a function that is declared immutable would not be inlined and
-- pay the start of an executor for each row (4 us instead of 1.7). One expression, because each statement costs a step of the
-- interpreter. Bits are set where version (1000) and variant (10) stand: bit 55 is the first of byte 6, bit 71 of byte 8.
-- The cost is what it takes next to other functions, so that the planner avoids computing an id more often than needed.
create or replace function crossfade.uuid(namespace uuid, variadic parts text[]) returns uuid
language plpgsql immutable strict parallel safe cost 800 as $$
begin
  return case when num_nulls(variadic parts) = 0 then
    encode(set_bit(set_bit(set_bit(set_bit(set_bit(set_bit(
      substr(sha256(uuid_send(namespace) || convert_to(parts::text, 'UTF8')), 1, 16), 55, 1), 54, 0), 53, 0), 52, 0), 71, 1), 70, 0), 'hex')::uuid end;
end
$$;
