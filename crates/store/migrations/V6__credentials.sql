-- Credentials that lock nobody out, how old they are, and what a restored database must see again.

-- A probe is a run that asks only whether the login still works (B-03).
alter table runs drop constraint if exists runs_trigger_check;
alter table runs add constraint runs_trigger_check
    check (trigger in ('schedule', 'month_end', 'request', 'full_read', 'probe'));

alter table integrations
    -- Keyed hashes of host, tenant, user and password, one by each key of the ring: what they are is not to be told from
    -- them. Empty: stored before there were any.
    add column password_marks text[] not null default '{}',
    -- Since when this password is the stored one; null when it was stored before this was asked.
    add column password_changed_at timestamptz,
    -- The last step of its age that was announced, in days before 180.
    add column password_warned smallint,
    -- Whether the refusal of the credentials is among the events.
    add column refusal_told boolean not null default false;
update integrations set refusal_told = true where credentials_refused_code is not null;

create index probes_by_partner on runs (partner_id, created_at) where trigger = 'probe';

alter table installation
    -- After a restore (B-14): what was read before this counts as not read.
    add column reread_since timestamptz;

-- Whether a partner's lines must all be read before anything is written (B-14): the database was restored, and no run has
-- read them since. A run in which contracts could not be reached has not. One whose worker fell silent over it has: each
-- line is read once more before it is written.
create function must_reread(whose text) returns boolean stable language sql as $$
    select exists (select from installation where reread_since is not null)
        and not exists (
            select from runs cross join installation
            where runs.partner_id = whose and runs.trigger = 'full_read' and runs.state = 'finished' and runs.all_companies
              and runs.created_at >= installation.reread_since
              and not exists (select from run_companies
                              where run_companies.run_id = runs.run_id
                                and (run_companies.code like 'AUTH-%'
                                     or run_companies.code in ('TEN-01', 'HOST-01', 'NET-01', 'LIM-01'))))
$$;
create index full_reads_by_partner on runs (partner_id, created_at) where trigger = 'full_read';

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
create index login_tries_of_user on login_tries (host, tenant, user_name, begun_at);
create unique index login_tries_of_job on login_tries (job_id, attempt) where job_id is not null;
create index login_tries_of_partner on login_tries (partner_id, heard_at) where outcome = 'accepted';

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

-- Tries that are still open count on.
insert into login_tries (host, tenant, user_name, partner_id, marks, begun_at)
select host, tenant, user_name, partner_id, '{}', last_try
from logins, generate_series(1, open_tries)
where last_try is not null;
drop table logins;
