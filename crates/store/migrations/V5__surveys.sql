-- Surveys: what a run sees of all contracts before it decides which of them need a call of their own.

alter table runs drop constraint runs_trigger_check;
alter table runs add constraint runs_trigger_check
    check (trigger in ('schedule', 'month_end', 'request', 'full_read', 'probe'));

alter table jobs drop constraint jobs_kind_check;
alter table jobs add constraint jobs_kind_check check (kind in ('work', 'local', 'survey'));
alter table jobs drop constraint jobs_check2;
alter table jobs drop constraint jobs_check3;
alter table jobs add constraint jobs_host_check check ((kind = 'local') = (host is null));
alter table jobs add constraint jobs_tenant_check check ((kind = 'local') = (tenant is null));
-- Where a survey goes on: its next page.
alter table jobs add column survey_page integer not null default 1 check (survey_page > 0);
-- How a survey came out: seen, or given up, after which every contract is looked up by its slice. Its job is open until
-- the run's other jobs are made from it.
alter table jobs add column survey_result text check (survey_result in ('seen', 'given_up'));
alter table jobs add constraint jobs_survey_check check (survey_result is null or kind = 'survey');

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
    primary key (partner_id, contract_id)
);

-- The reading of every line before an invoice day, made once.
create table full_reads (
    partner_id text not null references integrations,
    invoice_day date not null,
    run_id uuid not null references runs,
    primary key (partner_id, invoice_day)
);
