-- What is to be done and by whom: requests, runs, jobs, permits, logins, calls.

create table runs (
    run_id uuid primary key,
    -- The order of runs: what a higher number says stands over a lower one.
    run_number bigint generated always as identity unique,
    partner_id text not null references integrations,
    trigger text not null check (trigger in ('schedule', 'month_end', 'request')),
    mode text not null check (mode in ('apply', 'plan')),
    state text not null check (state in ('running', 'finished', 'superseded', 'switched_off')),
    -- Whether it is for every company of the partner.
    all_companies boolean not null,
    -- The schedule's local day, for trigger schedule.
    nominal date,
    -- The month that ended, for trigger month_end.
    month date,
    requested_by text,
    traceparent text,
    created_at timestamptz not null,
    finished_at timestamptz,
    -- Whether RunFinished is among the events.
    told boolean not null default false,
    -- Companies and contracts by how they came out; filled while the run goes on.
    companies integer not null default 0,
    changed integer not null default 0,
    unchanged integer not null default 0,
    held integer not null default 0,
    failed integer not null default 0,
    skipped integer not null default 0,
    check ((state = 'running') = (finished_at is null))
);
create index runs_by_partner on runs (partner_id, run_number desc);
create index runs_untold on runs (finished_at) where finished_at is not null and not told;
-- One open run for all companies per partner and mode; a newer one supersedes what the older has not done.
create unique index one_open_run_for_all on runs (partner_id, mode) where state = 'running' and all_companies;

-- The local days of a partner's schedules: each runs, or is missed, once.
create table occurrences (
    partner_id text not null references partners,
    nominal date not null,
    schedule_version integer not null,
    outcome text not null check (outcome in ('run', 'missed', 'off')),
    run_id uuid references runs,
    recorded_at timestamptz not null,
    primary key (partner_id, nominal),
    check ((outcome = 'run') = (run_id is not null))
);

create table jobs (
    job_id uuid primary key,
    run_id uuid not null references runs,
    run_number bigint not null,
    partner_id text not null references integrations,
    kind text not null check (kind in ('work', 'local')),
    state text not null check (state in ('ready', 'emitted', 'started', 'done')),
    -- Asked for by a person.
    now_job boolean not null,
    -- Tickets of another attempt are refused.
    attempt integer not null default 1 check (attempt > 0),
    -- Leases that ended without JobDone since the slice was made or handed back.
    failures integer not null default 0,
    -- Attempts in a row that came back with something left over for a code, and no company through.
    setbacks integer not null default 0 check (setbacks >= 0),
    -- What of the run this slice is: contracts for work, companies without contract for local.
    contract_ids integer[] not null default '{}',
    company_ids text[] not null default '{}',
    -- For local jobs: the code that every contract of the slice gets (JOB-03), or null for companies without contract.
    local_code text,
    -- host and tenant, one started job each.
    host text,
    tenant text,
    not_before timestamptz,
    deferred_code text,
    -- Claimed by a scheduler that is publishing it.
    emitting_until timestamptz,
    emitted_at timestamptz,
    holder text,
    lease_until timestamptz,
    permit_until timestamptz,
    credentials_version integer,
    started_at timestamptz,
    done_at timestamptz,
    created_at timestamptz not null,
    check ((state = 'started') = (holder is not null)),
    check (state <> 'started' or lease_until is not null),
    check ((kind = 'work') = (host is not null)),
    check ((kind = 'work') = (tenant is not null))
);
create unique index one_started_job_per_kaseya on jobs (host, tenant) where state = 'started';
create index jobs_open on jobs (partner_id, state) where state <> 'done';
create index jobs_of_run on jobs (run_id);
create index jobs_leases on jobs (lease_until) where state = 'started';
create index jobs_open_of_kaseya on jobs (host, tenant) where state <> 'done';
-- Whose turn it is: what was started last.
create index jobs_by_start on jobs (host, tenant, started_at desc) where started_at is not null;

-- Which companies were mapped to a run's contracts when they became part of it: one that is mapped elsewhere since is
-- followed (D-04).
create table run_mappings (
    run_id uuid not null references runs,
    partner_id text not null,
    contract_id integer not null,
    company_id text not null,
    primary key (run_id, contract_id, company_id)
);

create table requests (
    partner_id text not null,
    request_id text not null check (request_id <> ''),
    answer text not null check (answer in ('waiting', 'accepted', 'joined', 'refused')),
    code text,
    reason text,
    run_id uuid references runs,
    follow_up_run_id uuid references runs,
    -- What a waiting request still wants: its proto3 JSON, kept until its report has come in or its time is over.
    message jsonb,
    waits_for_report text,
    waits_until timestamptz,
    received_at timestamptz not null,
    answered_at timestamptz,
    -- When SyncAnswered was announced.
    announced_at timestamptz,
    primary key (partner_id, request_id),
    check ((answer = 'waiting') = (answered_at is null))
);
create index requests_waiting on requests (partner_id) where answer = 'waiting';
create index requests_unannounced on requests (answered_at) where announced_at is null and answered_at is not null;

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
    traceparent text
);
create index intents_open on intents (partner_id, contract_id, service_id) where result in ('open', 'sent', 'unsure');
create index intents_of_run on intents (run_id);
-- What a line showed before each of its changes.
create index intents_of_line on intents (partner_id, contract_id, line_id, granted_at);

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
    primary key (partner_id, contract_id, service_id)
);

-- Logins, one row per host, tenant and user.
create table logins (
    partner_id text not null references integrations,
    host text not null,
    tenant text not null,
    user_name text not null,
    -- What the rest of the row is about.
    credentials_version integer not null,
    -- Tries since the last acceptance whose outcome is pending or never came.
    open_tries integer not null default 0 check (open_tries >= 0),
    last_try timestamptz,
    -- The started job whose login has not been heard of.
    pending_job uuid,
    accepted_at timestamptz,
    refused_at timestamptz,
    refused_code text,
    primary key (partner_id, host, tenant, user_name),
    check ((refused_at is null) = (refused_code is null))
);

-- Calls made, per minute; the hourly budget is a sum over these and the open debits.
create table calls_made (
    host text not null,
    tenant text not null,
    endpoint text not null,
    minute timestamptz not null,
    calls integer not null check (calls >= 0),
    primary key (host, tenant, endpoint, minute)
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
    primary key (job_id, attempt)
);
create index call_debits_of_kaseya on call_debits (host, tenant);

-- A host's breaker: closed while open_until is null, half-open once that has passed.
create table breakers (
    host text primary key,
    -- Failures in a row.
    failures integer not null default 0 check (failures >= 0),
    open_until timestamptz,
    -- Until when the single try of a half-open breaker is out.
    probe_until timestamptz
);
