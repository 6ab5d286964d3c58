-- How companies stand.

-- One row per company and contract; contract 0 is a company without one.
create table statuses (
    partner_id text not null,
    company_id text not null,
    contract_id integer not null,
    account_id integer,
    state text not null,
    code text,
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
    -- Kaseya's own words stand apart from ours, so that pages can show them as a quotation in their own language.
    kaseya_says text,
    -- What people need to know beside a code stands as facts, so that each reader has it in their own language.
    remarks jsonb not null default '[]',
    -- What a row rests on, and since when. Null before the first reading.
    evidence text check (evidence in ('read', 'implied_by_total', 'remembered')),
    evidence_at timestamptz,
    -- Null: nothing was edited since. Otherwise the attempts that were at work then, each as job/attempt: what they bring may
    -- be by the plan before.
    edited_during text[],
    primary key (partner_id, company_id, contract_id),
    foreign key (partner_id, company_id) references companies,
    check ((evidence is null) = (evidence_at is null))
);
-- The rows that say that a line counts later than its users do: they are few, and readiness asks for them.
create index rows_counting_later on statuses (partner_id, company_id) where remarks @> '[{"kind": "counts_later"}]';

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
create index run_companies_changed on run_companies (partner_id, run_id, company_id) where state in ('changed', 'sent');

create table company_standings (
    partner_id text not null,
    company_id text not null,
    -- Of the contracts that the company is shown with; 'never' for one that was never synced.
    states text[] not null default '{}',
    held boolean not null generated always as ('held' = any(states)) stored,
    not_sent boolean not null generated always as ('not_sent' = any(states)) stored,
    never boolean not null generated always as ('never' = any(states)) stored,
    -- Of those that are contracts.
    codes text[] not null default '{}',
    -- When the one that was longest not seen to hold our number was; null when one never was.
    last_sync timestamptz,
    unmapped boolean not null default true,
    -- Of the newest complete report; null without one.
    users integer,
    primary key (partner_id, company_id),
    foreign key (partner_id, company_id) references companies on delete cascade
);
