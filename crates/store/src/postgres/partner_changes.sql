-- Whoever shows a partner's pages listens on the channel portal and is told the partner's id. Within one transaction Postgres
-- tells the same only once.
create or replace function tell_portal() returns trigger language plpgsql as $$
begin
    perform pg_notify('portal', new.partner_id);
    return null;
end
$$;
create or replace trigger runs_told after insert or update on runs for each row execute function tell_portal();
create or replace trigger holds_told after insert or update on holds for each row execute function tell_portal();
create or replace trigger integrations_told after insert or update on integrations for each row execute function tell_portal();
create or replace trigger jobs_begun_told after insert on jobs for each row execute function tell_portal();
-- Leases are renewed all the time.
create or replace trigger jobs_told after update on jobs for each row when (old.state <> new.state) execute function tell_portal();

-- Of these a transaction writes many.
create or replace function tell_portal_of_many() returns trigger language plpgsql as $$
begin
    perform pg_notify('portal', partner_id) from (select distinct partner_id from written) as partners;
    return null;
end
$$;
create or replace trigger statuses_told after insert on statuses referencing new table as written
    for each statement execute function tell_portal_of_many();
create or replace trigger statuses_changed_told after update on statuses referencing new table as written
    for each statement execute function tell_portal_of_many();

-- A job that is put off, or no longer is, stays in its state: pages that show what it waits for are told all the same.
create or replace trigger jobs_put_off_told after update on jobs for each row
    when (old.state = new.state and (old.not_before, old.deferred_code) is distinct from (new.not_before, new.deferred_code))
    execute function tell_portal();
