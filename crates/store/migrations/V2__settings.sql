-- What partners set, and what the installation sets.

create table partners (
    partner_id text primary key check (partner_id <> ''),
    name text not null check (name <> ''),
    -- The provider's zone for this partner: what a day of counting and a month's last day is.
    count_zone text not null,
    -- The number of the partner's newest event.
    last_event bigint not null default 0,
    -- What the partner bills. A count of the other basis is a missing one.
    count_basis text not null default 'users' check (count_basis in ('users', 'licences'))
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
    -- Keyed hashes of host, tenant, user and password, one by each key of the ring: what they are is not to be told from
    -- them.
    password_marks text[] not null default '{}',
    -- Since when this password is the stored one.
    password_changed_at timestamptz,
    -- The last step of its age that was announced, in days before 180.
    password_warned smallint,
    -- Whether the refusal of the credentials is among the events.
    refusal_told boolean not null default false,
    -- What becomes of a line whose units were edited in Kaseya.
    drift_policy text not null default 'ask' check (drift_policy in ('ask', 'send_ours')),
    -- The version of the credentials from which on what is told of Kaseya counts: a job of an older one read another Kaseya.
    known_since_version integer not null default 0,
    -- Kaseya refused the credentials, and they have proved right since: a run follows that syncs what was left.
    sync_after_refusal boolean not null default false,
    line_profile text,
    called_hosts text not null generated always as (called_hosts(host, v2_base, v1_base)) stored,
    plain_tenant text not null generated always as (plain_name(tenant)) stored,
    plain_user text not null generated always as (plain_name(user_name)) stored,
    check ((credentials_refused_code is null) = (credentials_refused_at is null))
);
create index integrations_to_sync_after_refusal on integrations (partner_id) where sync_after_refusal;

-- Switches of the whole installation.
create table installation (
    only_row boolean default true primary key check (only_row),
    -- No permit is given while set (B-14).
    writes_stopped boolean not null default false,
    -- After a restore (B-14): what was read before this counts as not read.
    reread_since timestamptz,
    -- How V1 shows and takes a contract's lines: a profile's TOML text, of the installation or of one partner whose tenant differs.
    -- Null stands for the profile that comes with the program.
    line_profile text
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
    -- The first day of which a complete report knew the company. A company that no report knew by a month's last day counts 0
    -- in that month.
    first_counted date,
    primary key (partner_id, company_id)
);
create index companies_by_name on companies (partner_id, name collate names, company_id);

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
create statistics company_mappings_account on folded(account_name) from company_mappings;
create statistics company_mappings_contract on folded(contract_name) from company_mappings;

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
create statistics company_product_contracts_contract on folded(contract_name) from company_product_contracts;

-- A contract billed otherwise than the partner's other contracts (D-12).
create table contract_billing (
    partner_id text not null references integrations,
    contract_id integer not null,
    billing text not null check (billing in ('arrears', 'advance')),
    primary key (partner_id, contract_id)
);

-- How many units a company's users of a product are billed as (B-05). Without a row: as many as are counted.
create table billing_rules (
    partner_id text not null,
    company_id text not null,
    product_id text not null,
    -- Trial, own use: the count is part of no number.
    not_billed boolean not null,
    minimum integer not null check (minimum >= 0),
    included_free integer not null check (included_free >= 0),
    -- Why, for people.
    note text check (note <> ''),
    primary key (partner_id, company_id, product_id),
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, product_id) references products,
    check (not not_billed or (note is not null and minimum = 0 and included_free = 0))
);

insert into installation default values;
