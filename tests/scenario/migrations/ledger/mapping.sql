create view ledger_map.accounts as select id, points, transfer from public.accounts;
create view ledger_map.entries as select id, account, amount::bigint as amount from public.entries;
