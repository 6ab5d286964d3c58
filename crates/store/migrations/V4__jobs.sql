-- Runs, jobs and requests.

create table runs (
    run_id uuid primary key,
    -- The order of runs: what a higher number says stands over a lower one.
    run_number bigint not null generated always as identity unique,
    partner_id text not null references integrations,
    trigger text not null check (trigger in ('schedule', 'month_end', 'request', 'full_read', 'probe')),
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
    -- The companies that a run would change by what the lines last showed, as of the start of its newest job: its brake counts
    -- them before any is written.
    expected_company_ids text[] not null default '{}',
    -- When whoever asked for a run wants none of it any more: asked again at each start of its jobs and at each permit. Null: never.
    expires_at timestamptz,
    check ((state = 'running') = (finished_at is null))
);
create index full_reads_by_partner on runs (partner_id, created_at) where trigger = 'full_read';
-- One open run for all companies per partner and mode; a newer one supersedes what the older has not done.
create unique index one_open_run_for_all on runs (partner_id, mode) where state = 'running' and all_companies;
create index probes_by_partner on runs (partner_id, created_at) where trigger = 'probe';
create index runs_by_partner on runs (partner_id, run_number desc);
create index runs_untold on runs (finished_at) where finished_at is not null and not told;

-- The local days of a partner's schedules: each runs, or is missed, once.
create table occurrences (
    partner_id text not null references partners,
    nominal date not null,
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
    kind text not null check (kind in ('work', 'local', 'survey')),
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
    -- Where a survey goes on: its next page.
    survey_page integer not null default 1 check (survey_page > 0),
    -- How a survey came out: seen, or given up, after which every contract is looked up by its slice. Its job is open until
    -- the run's other jobs are made from it.
    survey_result text check (survey_result in ('seen', 'given_up')),
    -- Since when it is put off for `deferred_code`; stands until an attempt gets something through.
    deferred_at timestamptz,
    -- Until when a job was put off as listeners were last told (G-04).
    told_until timestamptz,
    -- Why a slice was given up (JOB-03): every attempt broke off, or what its worker needs is too large to be sent.
    given_up text check (given_up in ('broke_off', 'too_large')),
    -- Who held each attempt of a job, by the attempt's number: what a JobDone says is compared with it (F3). Of a local job it is
    -- the scheduler, under a name that only its own message can know.
    holders text[] not null default '{}',
    -- What the attempt that is started was asked: its contracts with their targets, and what each company's products are to be
    -- told as. Null once it is done.
    asked jsonb,
    -- The partner's own lane, or empty for the one that all partners share whom Kaseya has let in there.
    alone text not null default '',
    check ((state = 'started') = (holder is not null)),
    check (state <> 'started' or lease_until is not null),
    check ((kind = 'local') = (host is null)),
    check (survey_result is null or kind = 'survey'),
    check ((kind = 'local') = (tenant is null))
);
-- Whose turn it is: what was started last.
create index jobs_by_start on jobs (host, tenant, started_at desc) where started_at is not null;
create index jobs_leases on jobs (lease_until) where state = 'started';
create index jobs_of_run on jobs (run_id);
create index jobs_open on jobs (partner_id, state) where state <> 'done';
create index jobs_open_of_kaseya on jobs (host, tenant) where state <> 'done';
create index jobs_put_off_untold on jobs (not_before) 
    where state <> 'done' and not_before is not null and told_until is distinct from not_before;
create unique index one_started_job_per_kaseya on jobs (host, tenant, alone) where state = 'started';

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
    -- An id that was used with other content is refused (G-08): what came under it, as a hash.
    content_sha256 bytea,
    primary key (partner_id, request_id),
    check ((answer = 'waiting') = (answered_at is null))
);
create index requests_unannounced on requests (answered_at) where announced_at is null and answered_at is not null;
create index requests_waiting on requests (partner_id) where answer = 'waiting';

-- The reading of every line before an invoice day, made once.
create table full_reads (
    partner_id text not null references integrations,
    invoice_day date not null,
    run_id uuid not null references runs,
    primary key (partner_id, invoice_day)
);
