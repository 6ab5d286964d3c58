-- What pages need at once: each company's newest count, and word of every change.

-- The newest complete report of each company, with its users summed up: reports grow with every day, and a page with
-- thousands of companies cannot look through them. Kept by whoever completes a report.
create table newest_reports (
    partner_id text not null,
    company_id text not null,
    report_id text not null,
    day date not null,
    counted_at timestamptz not null,
    -- Of all products whose count could be taken.
    users integer not null check (users >= 0),
    -- Products whose count could not be taken.
    missing integer not null check (missing >= 0),
    primary key (partner_id, company_id),
    foreign key (partner_id, report_id, company_id) references report_companies
);
insert into newest_reports (partner_id, company_id, report_id, day, counted_at, users, missing)
select partner_id, company_id, report_id, day, counted_at, coalesce(sum(users), 0),
       count(*) filter (where product_id is not null and users is null)
from (select distinct on (partner_id, company_id) partner_id, company_id, report_id, day, counted_at
      from reports join report_companies using (partner_id, report_id)
      where complete_at is not null
      order by partner_id, company_id, day desc, counted_at desc, report_id desc) as newest
     left join user_counts using (partner_id, report_id, company_id)
group by partner_id, company_id, report_id, day, counted_at;

-- Whoever shows a partner's pages listens on the channel portal and is told the partner's id. Within one transaction Postgres
-- tells the same only once.
create function tell_portal() returns trigger language plpgsql as $$
begin
    perform pg_notify('portal', new.partner_id);
    return null;
end
$$;
create trigger runs_told after insert or update on runs for each row execute function tell_portal();
create trigger holds_told after insert or update on holds for each row execute function tell_portal();
create trigger integrations_told after insert or update on integrations for each row execute function tell_portal();
create trigger jobs_begun_told after insert on jobs for each row execute function tell_portal();
-- Leases are renewed all the time.
create trigger jobs_told after update on jobs for each row when (old.state <> new.state) execute function tell_portal();

-- Of these a transaction writes many.
create function tell_portal_of_many() returns trigger language plpgsql as $$
begin
    perform pg_notify('portal', partner_id) from (select distinct partner_id from written) as partners;
    return null;
end
$$;
create trigger statuses_told after insert on statuses referencing new table as written
    for each statement execute function tell_portal_of_many();
create trigger statuses_changed_told after update on statuses referencing new table as written
    for each statement execute function tell_portal_of_many();
