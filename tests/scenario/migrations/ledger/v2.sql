create table ledger_v2.accounts (id int primary key, points int not null, transfer int not null);
create table ledger_v2.entries (id int primary key, account int not null, amount bigint not null);
