-- Changes that wait for a person.

-- Changes that wait for a person (B-01); at most one open per target.
create table holds (
    hold_id uuid primary key,
    partner_id text not null references integrations,
    contract_id integer not null,
    service_id integer not null,
    company_ids text[] not null,
    brake text not null check (brake in (
        'set_elsewhere', 'fall_to_zero', 'large_change', 'many_companies', 'plan_switch', 'leftover', 'drift', 'billing_cycle',
        'later_final'
    )),
    from_units double precision not null,
    to_units integer not null check (to_units >= 0),
    effective_date date not null,
    -- gone: the numbers no longer need a person. used: the approved change was made.
    state text not null check (state in ('open', 'approved', 'dismissed', 'gone', 'used')),
    opened_at timestamptz not null,
    -- The run that last found the same.
    run_number bigint not null,
    decided_at timestamptz,
    decided_by text,
    decision_id text,
    -- Two changes that are the halves of a plan switch (B-07) have the same: held they are one approval, made they are a pair in
    -- the journal.
    pair_id uuid,
    decision_sha256 bytea,
    -- Whether what Kaseya shows of an open hold's line has changed since the hold was opened: an approval then says from what (G-12).
    from_changed boolean not null default false,
    -- Whether an open hold has come to hold another number since it was opened: an approval must say which it is about.
    to_changed boolean not null default false,
    check (state not in ('approved', 'dismissed') or decided_at is not null and decided_by is not null)
);
create unique index decisions_count_once on holds (partner_id, decision_id) where decision_id is not null;
create index holds_of_pair on holds (partner_id, pair_id) where pair_id is not null;
create unique index one_standing_hold_per_target on holds (partner_id, contract_id, service_id)
    where state in ('open', 'approved', 'dismissed');
