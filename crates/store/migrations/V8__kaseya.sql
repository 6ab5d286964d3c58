-- What is known of each Kaseya.

-- What is known of a contract as a whole.
create table contracts (
    partner_id text not null references integrations,
    contract_id integer not null,
    -- As the newest survey or look-up showed it.
    run_number bigint,
    shown boolean,
    name text,
    account_name text,
    contract_type text,
    active boolean,
    billing_cycle text,
    start_date date,
    end_date date,
    -- The total of all its lines; null where it was only looked up.
    total double precision,
    seen_at timestamptz,
    -- When all its lines were last read.
    read_at timestamptz,
    -- What its total should be by what was read and written since; null when that is not known.
    expected_total double precision,
    -- By which attempt those two were last moved: its message may come twice.
    read_by_job uuid,
    read_by_attempt integer,
    read_by_run_number bigint,
    -- The name of the account when the contract was last found to be the mapped account's.
    owner_name text,
    -- The services that the newest reading looked for. Lines that it did not find are not in `lines`; a service without a
    -- line that is not in this list is not known.
    looked_for integer[] not null default '{}',
    -- When the total last was what it should be; null before that.
    implied_at timestamptz,
    -- Whether the lines added up to the total when both were last seen. If not, the total tells nothing of the lines.
    total_is_sum boolean not null default false,
    -- Whether the newest reading gave a code: it stands until another reading.
    code_stands boolean not null default false,
    -- The account that the contract was last found to be one of, by id. Null: nobody has asked.
    owner_account_id integer,
    primary key (partner_id, contract_id)
);

-- How the partners' services stand in Kaseya's catalogue, as the newest survey found it.
create table services (
    partner_id text not null references integrations,
    service_id integer not null,
    run_number bigint not null,
    state text not null check (state in ('active', 'inactive', 'not_shown')),
    seen_at timestamptz not null,
    primary key (partner_id, service_id)
);

-- The newest name that Kaseya showed for an id.
create table kaseya_names (
    partner_id text not null references integrations,
    kind text not null check (kind in ('service', 'contract', 'account')),
    id integer not null,
    name text not null check (name <> ''),
    seen_at timestamptz not null,
    primary key (partner_id, kind, id)
);

-- The zone that Kaseya tells for the user of a tenant: by its clock the invoices are made.
create table kaseya_zones (
    -- Told by a form too, before the partner has saved a connection.
    partner_id text not null,
    host text not null check (host = lower(host)),
    tenant text not null,
    time_zone text not null check (time_zone <> ''),
    told_at timestamptz not null,
    primary key (partner_id, host, tenant)
);

-- Logins that were begun, by jobs and by Authenticate, as Kaseya counts them: per host, tenant and user. Kept for a month.
create table login_tries (
    login_try bigint generated always as identity primary key,
    host text not null,
    tenant text not null,
    user_name text not null,
    -- Who tried; Authenticate comes before the partner's first save.
    partner_id text not null,
    -- The attempt of a job that it is for; null for Authenticate.
    job_id uuid,
    attempt integer,
    -- What was tried, as in integrations.password_marks.
    marks text[] not null,
    begun_at timestamptz not null,
    -- Null while nothing is known of it.
    outcome text check (outcome in ('accepted', 'refused', 'unknown')),
    heard_at timestamptz,
    check ((job_id is null) = (attempt is null)),
    check ((outcome is null) = (heard_at is null))
);
-- Who has been let in at a host.
create index login_tries_at_host on login_tries (host, partner_id) where outcome = 'accepted';
create unique index login_tries_of_job on login_tries (job_id, attempt) where job_id is not null;
create index login_tries_of_partner on login_tries (partner_id, host, tenant, user_name) where outcome = 'accepted';
create index login_tries_of_user on login_tries (tenant, user_name, begun_at);

-- Credentials that Kaseya has refused, by their marks: never tried again, unless a person says that they are right now.
create table refused_logins (
    host text not null,
    tenant text not null,
    user_name text not null,
    mark text not null,
    code text not null,
    refused_at timestamptz not null,
    -- Whether they were tried again since: a locked user (AUTH-03) is, once.
    tried_again boolean not null default false,
    primary key (host, tenant, user_name, mark)
);

-- What people look up in Kaseya, Authenticate too: kept for the hour that it counts, so that nobody uses up what others need.
create table look_ups (
    look_up bigint generated always as identity primary key,
    partner_id text not null,
    host text not null,
    tenant text not null,
    alone text not null,
    begun_at timestamptz not null,
    -- Null while it may still call.
    ended_at timestamptz,
    -- The calls that it may make or, once it has ended, has made.
    v2 integer not null check (v2 >= 0),
    v1 integer not null check (v1 >= 0)
);
create index look_ups_of_partner on look_ups (partner_id, begun_at);
create index look_ups_open on look_ups (tenant) where ended_at is null;

-- Calls made, per minute; the hourly budget is a sum over these and the open debits.
create table calls_made (
    host text not null,
    tenant text not null,
    endpoint text not null,
    minute timestamptz not null,
    calls integer not null check (calls >= 0),
    -- An hour's calls: `host` is the one that was called, by version of the interface.
    alone text not null default '',
    primary key (host, tenant, alone, endpoint, minute)
);

-- Calls allowed to an attempt, credited back by its JobDone; one that never comes expires after an hour.
create table call_debits (
    job_id uuid not null references jobs,
    attempt integer not null,
    host text not null,
    tenant text not null,
    v2 integer not null check (v2 >= 0),
    v1 integer not null check (v1 >= 0),
    debited_at timestamptz not null,
    alone text not null default '',
    primary key (job_id, attempt)
);
create index call_debits_of_kaseya on call_debits (tenant);

-- A host's breaker: closed while open_until is null, half-open once that has passed.
create table breakers (
    host text not null,
    -- Failures in a row.
    failures integer not null default 0 check (failures >= 0),
    open_until timestamptz,
    -- Until when the single try of a half-open breaker is out.
    probe_until timestamptz,
    alone text not null default '',
    primary key (host, alone)
);
