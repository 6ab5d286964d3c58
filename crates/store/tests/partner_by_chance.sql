-- A partner with COMPANIES companies, by chance: what is mapped, synced, counted and billed. SEED says which chance.
select setseed(SEED);
insert into partners (partner_id, name, count_zone) values ('msp', 'MSP', 'UTC'), ('other', 'Other', 'UTC');
insert into integrations (partner_id, host, tenant, user_name, sealed_password, credentials_version, state, billing,
                          invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
                          brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at)
select partner_id, 'h', 't', 'u', 's', 1, 'on', 'arrears', 1, true, 6, 3, 5, 20, 25, 20, 5, 50, '2026-11-01T00:00:00Z'
from partners;
insert into products (partner_id, product_id, name)
select partner_id, product, product from partners, unnest(array['p1', 'p2', 'p3']) as product;
insert into product_mappings (partner_id, product_id, service_id, service_name)
values ('msp', 'p1', 1, 'Standard'), ('msp', 'p2', 2, 'Advanced'), ('other', 'p1', 1, 'Standard');
insert into companies (partner_id, company_id, name, closed_from)
select 'msp', 'c' || n,
       (array['Forno', 'Officina', 'Studio', 'Ristorante', 'Hotel'])[1 + floor(random() * 5)::int] || ' '
           || chr(65 + floor(random() * 26)::int) || case when random() < 0.1 then '_100%' else '' end,
       case when random() < 0.05 then date '2026-11-10' end
from generate_series(1, COMPANIES) as n;
insert into companies (partner_id, company_id, name) values ('other', 'c1', 'Forno of another');
insert into company_mappings (partner_id, company_id, account_id, account_name, contract_id, contract_name, version, edited_at)
select 'msp', company_id, n, 'Account ' || n % 97, n * 10, 'Agreement ' || n % 31, 1, '2026-11-01T00:00:00Z'
from (select company_id, substr(company_id, 2)::int as n from companies where partner_id = 'msp') as known
where random() < 0.92;
insert into company_product_contracts (partner_id, company_id, product_id, contract_id, contract_name)
select 'msp', company_id, product_id, case when random() < 0.1 then contract_id else contract_id + 1 end, 'Backup ' || account_id % 7
from company_mappings, unnest(array['p1', 'p2', 'p3']) as product_id
where random() < case product_id when 'p2' then OWN else 0.05 end;
insert into billing_rules (partner_id, company_id, product_id, not_billed, minimum, included_free, note)
select 'msp', company_id, 'p1', true, 0, 0, 'our own' from companies where partner_id = 'msp' and random() < 0.03;
insert into billing_rules (partner_id, company_id, product_id, not_billed, minimum, included_free)
select 'msp', company_id, 'p2', false, 5, 0 from companies where partner_id = 'msp' and random() < 0.03;

insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at, finished_at)
select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'msp', trigger, mode, 'finished', true,
       '2026-11-20T00:00:00Z', '2026-11-20T00:10:00Z'
from (values (1, 'schedule', 'apply'), (2, 'schedule', 'apply'), (3, 'request', 'plan'), (4, 'probe', 'apply')) as made (n, trigger, mode);
-- Of the contracts that a company is mapped to, of one that it was mapped to once, and of none.
insert into statuses (partner_id, company_id, contract_id, account_id, state, code, products, last_sync, run_id, run_number,
                      attempt, updated_at)
select 'msp', company_id, contract_id, 1, state, case state when 'not_sent' then 'CON-01' when 'held' then 'QTY-01'
           when 'deferred' then 'NET-01' when 'changed' then case when random() < 0.1 then 'MAP-02' end end,
       jsonb_build_array(jsonb_build_object('product', 'p1', 'service', 1, 'state', state, 'users', 12, 'billed', 12,
                                            'count_day', '2026-11-20', 'from', 10, 'to', 12)),
       case when random() < 0.9 then timestamptz '2026-11-20T00:00:00Z' - random() * interval '9 days' end,
       '00000000-0000-0000-0000-000000000002', 2, 1, '2026-11-20T00:00:00Z'
from (select company_id, contract_id,
             (array['unchanged', 'unchanged', 'unchanged', 'unchanged', 'unchanged', 'changed', 'sent', 'held', 'not_sent',
                    'deferred', 'not_billed'])[1 + floor(random() * 11)::int] as state
      from (select company_id, contract_id from company_mappings where partner_id = 'msp'
            union select company_id, contract_id from company_product_contracts where partner_id = 'msp'
            union select company_id, 99 from company_mappings where partner_id = 'msp' and contract_id % 70 = 0
            union select company_id, 0 from companies where partner_id = 'msp') as contracts
      where random() < 0.95) as chosen;
insert into run_companies (run_id, partner_id, company_id, contract_id, state, products, attempt)
select made.run_id, 'msp', company_id, contract_id, case mode when 'plan' then 'changed' else statuses.state end, '[]', 1
from statuses, runs as made
where made.run_number in (2, 3) and random() < 0.5;
insert into lines (partner_id, contract_id, line_id, service_id, units, unit_price, seen_at, run_number)
select distinct on (contract_id) 'msp', contract_id, contract_id, 1, 10, 3.5, timestamptz '2026-11-20T00:00:00Z', 2
from statuses where contract_id <> 0;

insert into reports (partner_id, report_id, day, counted_at, final, parts)
select 'msp', 'r' || n, date '2026-11-01' + n, timestamptz '2026-11-01T00:00:00Z' + n * interval '1 day', false, 1
from generate_series(1, REPORTS) as n;
insert into report_parts (partner_id, report_id, part, received_at) select 'msp', report_id, 1, counted_at from reports;
insert into report_companies (partner_id, report_id, company_id)
select 'msp', report_id, company_id from reports join companies using (partner_id)
where partner_id = 'msp' and substr(company_id, 2)::int % 25 <> 0 and random() < 0.97;
insert into user_counts (partner_id, report_id, company_id, product_id, users, basis)
select 'msp', report_id, company_id, product_id, users, case when users is not null then 'users' end
from (select report_id, company_id, product_id, case when random() < 0.99 then floor(random() * 80)::int end as users
      from report_companies, unnest(array['p1', 'p2']) as product_id where random() < 0.9) as counted;
insert into month_ends (partner_id, month, frozen_at, final, looked_at)
values ('msp', '2026-10-01', '2026-11-01T06:00:00Z', true, '2026-11-01T06:00:00Z');
insert into frozen_counts (partner_id, month, company_id, product_id, correction, users, day, counted_at, reason, recorded_at)
select 'msp', '2026-10-01', company_id, 'p1', correction, 40 + correction, '2026-10-31', '2026-11-01T00:00:00Z',
       case correction when 1 then 'late' end, '2026-11-01T06:00:00Z'
from companies, generate_series(0, 1) as correction where partner_id = 'msp' and (correction = 0 or substr(company_id, 2)::int % 10 = 0);
