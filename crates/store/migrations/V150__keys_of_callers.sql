-- A key belongs to the token that sent it: another token may have fewer rights, and is never given that answer. Keys that
-- are already there belong to no token; they are forgotten within a day.
alter table idempotency_keys
    drop constraint idempotency_keys_pkey,
    add column caller uuid not null default '00000000-0000-0000-0000-000000000000',
    add primary key (partner_id, caller, key);
alter table idempotency_keys alter column caller drop default;
