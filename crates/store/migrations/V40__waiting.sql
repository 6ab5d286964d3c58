-- What waits, since when, and what for (G-04).

alter table jobs
    -- Since when it is put off for `deferred_code`; stands until an attempt gets something through.
    add column deferred_at timestamptz;

alter table integrations
    -- Kaseya refused the credentials, and they have proved right since: a run follows that syncs what was left.
    add column sync_after_refusal boolean not null default false;
create index integrations_to_sync_after_refusal on integrations (partner_id) where sync_after_refusal;
