-- What people set: partners, their integration, products, companies, mappings, schedules.
-- Times are always passed in; no default and no statement asks the database for the time.

-- Switches of the whole installation.
create table installation (
    only_row boolean primary key default true check (only_row),
    -- No permit is given while set (B-14).
    writes_stopped boolean not null default false
);
insert into installation default values;

create table partners (
    partner_id text primary key check (partner_id <> ''),
    name text not null check (name <> ''),
    -- The provider's zone for this partner: what a day of counting and a month's last day is.
    count_zone text not null,
    -- The number of the partner's newest event.
    last_event bigint not null default 0
);

create table integrations (
    partner_id text primary key references partners,
    host text not null check (host <> ''),
    v2_base text,
    v1_base text,
    tenant text not null check (tenant <> ''),
    user_name text not null check (user_name <> ''),
    sealed_password text not null check (sealed_password <> ''),
    -- Goes up whenever host, tenant, user or password change, and when a person has refused ones tried again.
    credentials_version integer not null check (credentials_version > 0),
    -- switching_off: no permit is given any more, one given before may still be out. off: none is.
    state text not null check (state in ('on', 'switching_off', 'off')),
    billing text not null check (billing in ('arrears', 'advance')),
    invoice_day smallint not null check (invoice_day between 1 and 28),
    -- Whether the frozen month-end count is pushed by a run of its own (S-30).
    month_end_run boolean not null,
    -- A month's last count is frozen on day 1 at this hour of count_zone when no final report came before.
    freeze_hour smallint not null check (freeze_hour between 0 and 23),
    -- An older count is missing.
    max_count_age_days integer not null check (max_count_age_days between 1 and 31),
    brake_units integer not null check (brake_units > 0),
    brake_percent integer not null check (brake_percent > 0),
    brake_units_alone integer not null check (brake_units_alone > 0),
    run_brake_percent integer not null check (run_brake_percent between 1 and 100),
    run_brake_companies integer not null check (run_brake_companies > 0),
    -- Our share of Kaseya's hourly calls, percent.
    call_share_percent integer not null check (call_share_percent between 1 and 100),
    -- Set when Kaseya refused this credentials_version; cleared with the next.
    credentials_refused_code text,
    credentials_refused_at timestamptz,
    saved_at timestamptz not null,
    check ((credentials_refused_code is null) = (credentials_refused_at is null))
);

create table products (
    partner_id text not null references partners,
    product_id text not null check (product_id <> ''),
    name text not null,
    -- A removed product keeps its history.
    removed_at timestamptz,
    primary key (partner_id, product_id)
);

create table companies (
    partner_id text not null references partners,
    company_id text not null check (company_id <> ''),
    name text not null,
    -- From this day on the wanted units are 0 (D-10).
    closed_from date,
    primary key (partner_id, company_id)
);

create table product_mappings (
    partner_id text not null,
    product_id text not null,
    service_id integer not null,
    service_name text not null,
    primary key (partner_id, product_id),
    foreign key (partner_id, product_id) references products
);

create table company_mappings (
    partner_id text not null,
    company_id text not null,
    account_id integer not null,
    account_name text not null,
    -- S-43: a mapping without a contract is refused here too.
    contract_id integer not null,
    contract_name text not null,
    -- Goes up with every edit of the mapping, of the company's product contracts, and of the day from which it is closed;
    -- asked again before writing.
    version integer not null check (version > 0),
    edited_at timestamptz not null,
    primary key (partner_id, company_id),
    foreign key (partner_id, company_id) references companies
);

-- A product may name its own contract of the company's account.
create table company_product_contracts (
    partner_id text not null,
    company_id text not null,
    product_id text not null,
    contract_id integer not null,
    contract_name text not null,
    primary key (partner_id, company_id, product_id),
    foreign key (partner_id, company_id) references company_mappings on delete cascade,
    foreign key (partner_id, product_id) references products
);

-- A contract billed otherwise than the partner's other contracts (D-12).
create table contract_billing (
    partner_id text not null references integrations,
    contract_id integer not null,
    billing text not null check (billing in ('arrears', 'advance')),
    primary key (partner_id, contract_id)
);

create table schedules (
    partner_id text primary key references integrations,
    frequency text not null check (frequency in ('daily', 'weekly')),
    -- 1 is Monday, 7 is Sunday.
    weekday smallint check (weekday between 1 and 7),
    hour smallint not null check (hour between 0 and 23),
    zone text not null,
    version integer not null check (version > 0),
    -- The newest nominal day that was run or recorded as missed.
    last_nominal date,
    next_nominal date not null,
    -- When the next occurrence is claimed: its due instant and the partner's own spread.
    next_run_at timestamptz not null,
    check ((frequency = 'weekly') = (weekday is not null))
);
create index schedules_due on schedules (next_run_at);
