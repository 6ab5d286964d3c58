-- Targets, the changes that were granted for them, and the journal of what was sent.

-- Changes that were granted, stored before they are sent (B-04).
create table intents (
    intent_id uuid primary key,
    partner_id text not null references integrations,
    run_id uuid not null references runs,
    run_number bigint not null,
    job_id uuid not null references jobs,
    attempt integer not null,
    contract_id integer not null,
    service_id integer not null,
    line_id integer not null,
    from_units double precision not null,
    to_units integer not null check (to_units >= 0),
    effective_date date not null,
    -- [{company, product, users, count_day, mapping_version}]
    addends jsonb not null,
    -- The companies of the addends, for the run's brake.
    company_ids text[] not null,
    approved_hold_id uuid,
    granted_at timestamptz not null,
    permit_until timestamptz not null,
    -- open: granted, nothing heard since. unsure: sent without an answer. not_applied: a later read showed that it never landed,
    -- or a later change for the same number stands for both.
    result text not null check (result in ('open', 'sent', 'confirmed', 'unsure', 'refused', 'not_begun', 'not_applied')),
    settled_at timestamptz,
    traceparent text,
    pair_id uuid,
    -- When Kaseya said yes, or a read showed it: what came of it later does not take that back.
    taken_at timestamptz,
    -- Whether it sent again what Kaseya had before; at most once per line and period.
    rewrite boolean not null default false,
    -- How a change was confirmed; null while it is not.
    evidence text check (evidence in ('read', 'implied_by_total')),
    -- A change of a line that is gone, or of another Kaseya than the one that is synced now: it stays on record, and nothing
    -- is concluded from it any more.
    forgotten boolean not null default false,
    -- The effective date that a line held when it was read again with our units; null while no reading has shown them.
    effective_date_read date
);
-- What a line showed before each of its changes.
create index intents_of_line on intents (partner_id, contract_id, line_id, granted_at);
create index intents_of_pair on intents (partner_id, pair_id) where pair_id is not null;
create index intents_of_run on intents (run_id);
create index intents_open on intents (partner_id, contract_id, service_id) where result in ('open', 'sent', 'unsure');
create index intents_taken on intents (partner_id, contract_id, service_id, granted_at) where taken_at is not null;

-- What is known of a target: a service on a contract.
create table targets (
    partner_id text not null references integrations,
    contract_id integer not null,
    service_id integer not null,
    -- The newest run that was granted a change here: an older one is denied.
    newest_run_number bigint,
    -- The units that a read last showed to be ours.
    confirmed_units integer,
    confirmed_at timestamptz,
    -- What each company's counts were in the number that a target's line was last seen to hold, or that Kaseya last took:
    -- [{company, product, units}], with the run that saw it. Null before that.
    shares jsonb,
    shares_run_number bigint,
    -- What a target was mapped as when a job last worked on it: once nothing is mapped there any more, nothing else tells whose
    -- account the contract is and what people call it. Null before that.
    account_id integer,
    account_name text,
    contract_name text,
    service_name text,
    -- Since when a partner writes a target's line, or has found it to hold its number: the first of two partners of one Kaseya
    -- goes on, and the other writes nothing there. Null: it does not.
    claimed_at timestamptz,
    primary key (partner_id, contract_id, service_id),
    check (num_nulls(account_id, account_name, contract_name, service_name) in (0, 4)),
    check ((shares is null) = (shares_run_number is null))
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
    -- The last price above 0 that the line was seen with: what units at a price of 0 would bring. Null before there was one.
    charged_price double precision,
    primary key (partner_id, contract_id, line_id)
);
-- A line id that is known on another contract is looked for at each permit and at each reading.
create index lines_by_id on lines (partner_id, line_id);

-- Every change that reached Kaseya, or may have, once per intent.
create table journal (
    partner_id text not null references integrations,
    entry bigint not null generated always as identity,
    intent_id uuid not null references intents unique,
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
    pair_id uuid,
    evidence text check (evidence in ('read', 'implied_by_total')),
    effective_date_read date,
    primary key (partner_id, entry),
    check ((standing = 'confirmed') = (confirmed_at is not null))
);
