-- The fields of a line that changed with a change of ours, although they were sent as they were: [{name, before, now}]. Null: no
-- reading after the change found one.
alter table intents add column fields_changed jsonb;
create index intents_fields_changed on intents (partner_id, contract_id) where fields_changed is not null;
