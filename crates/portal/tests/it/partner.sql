-- Ada is in order, Bea's contract has ended, Cem is not mapped, Dora waits for a person; another partner has a Cem too.
insert into partners (partner_id, name, count_zone) values ('msp', 'MSP', 'Europe/Rome'), ('other', 'Other', 'UTC');
insert into integrations (partner_id, host, tenant, user_name, sealed_password, credentials_version, state, billing,
                          invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
                          brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at)
values ('msp', 'bms.kaseya.com', 'Example MSP', 'sync', 'sealed', 1, 'on', 'arrears', 1, true, 6, 3, 5, 20, 25, 20, 5, 50,
        '2026-11-01T00:00:00Z');
insert into schedules (partner_id, frequency, hour, zone, version, next_nominal, next_run_at)
values ('msp', 'daily', 3, 'Europe/Rome', 1, '2026-11-24', '2026-11-24T02:07:00Z');
insert into products (partner_id, product_id, name) values ('msp', 'p1', 'Standard'), ('msp', 'p3', 'New one');
insert into product_mappings (partner_id, product_id, service_id, service_name) values ('msp', 'p1', 1, 'Standard');
insert into companies (partner_id, company_id, name)
values ('msp', 'ada', 'Ada'), ('msp', 'bea', 'Bea'), ('msp', 'cem', 'Cem'), ('msp', 'dora', 'Dora'), ('other', 'cem', 'Secret');
insert into company_mappings (partner_id, company_id, account_id, account_name, contract_id, contract_name, version, edited_at)
values ('msp', 'ada', 1, 'Ada', 10, 'Managed', 1, '2026-11-01T00:00:00Z'),
       ('msp', 'bea', 2, 'Bea', 20, 'Managed', 1, '2026-11-01T00:00:00Z'),
       ('msp', 'dora', 4, 'Dora', 40, 'Managed', 1, '2026-11-01T00:00:00Z');
insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at, finished_at)
values ('00000000-0000-0000-0000-000000000001', 'msp', 'schedule', 'apply', 'finished', true, '2026-11-20T00:00:00Z', '2026-11-20T00:10:00Z'),
       ('00000000-0000-0000-0000-000000000002', 'msp', 'request', 'plan', 'finished', true, '2026-11-21T00:00:00Z', '2026-11-21T00:10:00Z');
insert into run_companies (run_id, partner_id, company_id, contract_id, state, products, attempt)
values ('00000000-0000-0000-0000-000000000002', 'msp', 'ada', 10, 'changed',
        '[{"product":"p1","service":1,"state":"changed","users":5,"billed":5,"from":4,"to":5,"effective":"2026-11-01"}]', 1);
insert into statuses (partner_id, company_id, contract_id, account_id, state, code, products, run_id, run_number, attempt, updated_at)
select 'msp', company, contract, 1, state, code, products::jsonb, '00000000-0000-0000-0000-000000000001', 1, 1, '2026-11-20T00:00:00Z'
from (values ('ada', 10, 'changed', null, '[{"product":"p1","service":1,"state":"changed","users":5,"billed":5,"from":4,"to":5}]'),
             ('bea', 20, 'not_sent', 'CON-01', '[{"product":"p1","service":1,"state":"not_sent","code":"CON-01","users":12,"billed":12,"to":12}]'),
             ('cem', 0, 'not_mapped', 'MAP-01', '[]'),
             ('dora', 40, 'held', 'QTY-01', '[{"product":"p1","service":1,"state":"held","users":0,"billed":0,"from":40,"to":0}]'))
     as stored (company, contract, state, code, products);
insert into lines (partner_id, contract_id, line_id, service_id, units, unit_price, seen_at, run_number)
values ('msp', 10, 1, 1, 5, 3.5, '2026-11-20T00:00:00Z', 1), ('msp', 20, 2, 1, 10, 3.5, '2026-11-20T00:00:00Z', 1),
       ('msp', 40, 3, 1, 40, 2, '2026-11-20T00:00:00Z', 1);
insert into holds (hold_id, partner_id, contract_id, service_id, company_ids, brake, from_units, to_units, effective_date, state,
                   opened_at, run_number)
values ('00000000-0000-0000-0001-000000000001', 'msp', 40, 1, '{dora}', 'fall_to_zero', 40, 0, '2026-11-01', 'open', '2026-11-20T00:00:00Z', 1);
insert into reports (partner_id, report_id, day, counted_at, final, parts, complete_at)
values ('msp', 'r1', '2026-11-21', '2026-11-22T00:00:00Z', false, 1, '2026-11-22T00:00:00Z');
insert into report_companies (partner_id, report_id, company_id) select 'msp', 'r1', company_id from companies where partner_id = 'msp';
insert into user_counts (partner_id, report_id, company_id, product_id, users, basis)
values ('msp', 'r1', 'ada', 'p1', 5, 'users'), ('msp', 'r1', 'ada', 'p3', null, null), ('msp', 'r1', 'cem', 'p1', 4, 'users');
insert into newest_reports (partner_id, company_id, report_id, day, counted_at, users, missing)
values ('msp', 'ada', 'r1', '2026-11-21', '2026-11-22T00:00:00Z', 5, 1), ('msp', 'cem', 'r1', '2026-11-21', '2026-11-22T00:00:00Z', 4, 0);
