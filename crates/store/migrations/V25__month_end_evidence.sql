-- What a month's end goes by: since when a company is counted, and when it was last looked whether to push again.

-- The first day of which a complete report knew the company. A company that no report knew by a month's last day counts 0
-- in that month.
alter table companies add column first_counted date;
update companies set first_counted = counted.day
from (select partner_id, company_id, min(day) as day
      from reports join report_companies using (partner_id, report_id)
      where complete_at is not null
      group by partner_id, company_id) as counted
where companies.partner_id = counted.partner_id and companies.company_id = counted.company_id;

-- From a settings file: never beats the provider's final report of its day.
alter table reports add column from_file boolean not null default false;
update reports set from_file = true where report_id like 'applied-%';

-- When the month was last pushed, or looked at to see whether any company still needs a push.
alter table month_ends add column push_checked_at timestamptz;

-- Whether the provider's own report of a day is final for a company.
create function provider_is_final(of_partner text, of_day date, of_company text) returns boolean language sql stable as $$
    select exists (select from reports join report_companies using (partner_id, report_id)
                   where partner_id = of_partner and day = of_day and company_id = of_company
                     and final and not from_file and complete_at is not null)
$$;
