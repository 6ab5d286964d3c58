-- What came of it: statuses, lines, journal, holds, events.

-- One row per company and contract; contract 0 is a company without one.
create table statuses (
    partner_id text not null,
    company_id text not null,
    contract_id integer not null,
    account_id integer,
    state text not null,
    code text,
    detail text,
    -- [{product, service, state, code, users, count_day, from, to, effective_date, brake}]
    products jsonb not null,
    -- When Kaseya was last seen to hold our number (S-39).
    last_sync timestamptz,
    last_change timestamptz,
    deferred_until timestamptz,
    run_id uuid not null references runs,
    -- What a higher pair says stands over a lower one.
    run_number bigint not null,
    attempt integer not null,
    traceparent text,
    updated_at timestamptz not null,
    primary key (partner_id, company_id, contract_id),
    foreign key (partner_id, company_id) references companies
);

-- What each company of a run came out as; the run's totals are counted from it.
create table run_companies (
    run_id uuid not null references runs,
    partner_id text not null,
    company_id text not null,
    contract_id integer not null,
    state text not null,
    code text,
    -- As statuses.products: also what a plan would have done.
    products jsonb not null,
    attempt integer not null,
    primary key (run_id, company_id, contract_id)
);

-- Lines as last seen.
create table lines (
    partner_id text not null references integrations,
    contract_id integer not null,
    line_id integer not null,
    service_id integer not null,
    units double precision not null,
    unit_price double precision,
    effective_date date,
    seen_at timestamptz not null,
    run_number bigint not null,
    primary key (partner_id, contract_id, line_id)
);

-- Every change that reached Kaseya, or may have, once per intent.
create table journal (
    partner_id text not null references integrations,
    entry bigint generated always as identity,
    intent_id uuid not null unique references intents,
    run_id uuid not null references runs,
    trigger text not null,
    contract_id integer not null,
    service_id integer not null,
    line_id integer not null,
    from_units double precision not null,
    to_units integer not null,
    effective_date date not null,
    addends jsonb not null,
    approved_hold_id uuid,
    -- sent: taken by Kaseya. confirmed: a read showed it. unsure: no answer. not_applied: a later read showed that it never landed.
    standing text not null check (standing in ('sent', 'confirmed', 'unsure', 'not_applied')),
    written_at timestamptz not null,
    confirmed_at timestamptz,
    traceparent text,
    primary key (partner_id, entry),
    check ((standing = 'confirmed') = (confirmed_at is not null))
);

-- Changes that wait for a person (B-01); at most one open per target.
create table holds (
    hold_id uuid primary key,
    partner_id text not null references integrations,
    contract_id integer not null,
    service_id integer not null,
    company_ids text[] not null,
    brake text not null check (brake in ('fall_to_zero', 'large_change', 'many_companies')),
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
    check ((state in ('approved', 'dismissed')) <= (decided_at is not null and decided_by is not null))
);
create unique index one_standing_hold_per_target on holds (partner_id, contract_id, service_id)
    where state in ('open', 'approved', 'dismissed');
create unique index decisions_count_once on holds (partner_id, decision_id) where decision_id is not null;

-- What is announced to listeners, numbered per partner without gaps, kept for replay.
create table events (
    partner_id text not null references partners,
    number bigint not null check (number > 0),
    topic text not null,
    kind text not null,
    body jsonb not null,
    created_at timestamptz not null,
    announced_at timestamptz,
    primary key (partner_id, number)
);
create index events_unannounced on events (created_at) where announced_at is null;
