-- Bytes to jsonb, or why not. PostgreSQL itself judges: what is no UTF-8, no JSON, nested too deeply or has \u0000 is refused
-- here with the words that an insert would have had.
create or replace function pg_temp.crossfade_read_line(bytes bytea, out value jsonb, out problem text)
language plpgsql immutable as $$
declare
  detail text;
begin
  value := convert_from(bytes, 'UTF8')::jsonb;
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  problem := concat_ws(': ', sqlerrm, nullif(detail, ''));
end
$$
