-- Whether the provider's own report of a day is final for a company.
create or replace function provider_is_final(of_partner text, of_day date, of_company text) returns boolean language sql stable as $$
    select exists (select from reports join report_companies using (partner_id, report_id)
                   where partner_id = of_partner and day = of_day and company_id = of_company
                     and final and not from_file and complete_at is not null)
$$;
