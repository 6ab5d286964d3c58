-- How the partners' services stand in Kaseya's catalogue, as the newest survey found it.
create table services (
    partner_id text not null references integrations,
    service_id integer not null,
    run_number bigint not null,
    state text not null check (state in ('active', 'inactive', 'not_shown')),
    seen_at timestamptz not null,
    primary key (partner_id, service_id)
);

-- A contract that is not billed monthly waits for a person.
alter table holds drop constraint holds_brake_check;
alter table holds add constraint holds_brake_check
    check (brake in ('fall_to_zero', 'large_change', 'many_companies', 'plan_switch', 'leftover', 'drift', 'billing_cycle'));
