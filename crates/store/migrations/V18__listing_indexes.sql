-- The list of companies is by name, and asks which of them the last sync changed.
create index companies_by_name on companies (partner_id, lower(name), company_id);
create index run_companies_changed on run_companies (partner_id, run_id, company_id) where state in ('changed', 'sent');
