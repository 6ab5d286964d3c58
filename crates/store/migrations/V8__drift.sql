-- What our own earlier changes say about a line that Kaseya shows: on its way, or edited (B-13, D-12, D-14).

-- What becomes of a line whose units were edited in Kaseya.
alter table integrations add column drift_policy text not null default 'ask' check (drift_policy in ('ask', 'send_ours'));

-- When Kaseya said yes, or a read showed it: what came of it later does not take that back.
alter table intents add column taken_at timestamptz;
update intents set taken_at = settled_at where result in ('sent', 'confirmed');
-- Whether it sent again what Kaseya had before; at most once per line and period.
alter table intents add column rewrite boolean not null default false;
create index intents_taken on intents (partner_id, contract_id, service_id, granted_at) where taken_at is not null;

alter table holds drop constraint holds_brake_check;
alter table holds add constraint holds_brake_check
    check (brake in ('fall_to_zero', 'large_change', 'many_companies', 'plan_switch', 'leftover', 'drift'));
