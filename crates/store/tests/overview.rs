//! The overview and the history of a partner, on a real Postgres.

use anyhow::Result;
use domain::{CompanyId, IntegrationState, Month, PartnerId, RunId};
use jiff::{Timestamp, civil::date};
use store::statuses::{
    history::{JournalQuery, activity_page, journal_page, plan_rows},
    overview::{AtRisk, Overview, overview},
};
use testkit::TestDatabase;

/// Ada is in order, Bea's contract has ended, Cem is not mapped, Dora waits for a person.
const PARTNER: &str = r#"
insert into partners (partner_id, name, count_zone) values ('msp', 'MSP', 'UTC'), ('other', 'Other', 'UTC');
insert into integrations (partner_id, host, tenant, user_name, sealed_password, credentials_version, state, billing,
                          invoice_day, month_end_run, freeze_hour, max_count_age_days, brake_units, brake_percent,
                          brake_units_alone, run_brake_percent, run_brake_companies, call_share_percent, saved_at)
select partner_id, 'h', 't', 'u', 's', 1, 'on', 'arrears', 1, true, 6, 3, 5, 20, 25, 20, 5, 50, '2026-11-01T00:00:00Z' from partners;
insert into schedules (partner_id, frequency, hour, zone, version, next_nominal, next_run_at)
values ('msp', 'daily', 3, 'UTC', 1, '2026-11-23', '2026-11-23T03:07:00Z');
insert into products (partner_id, product_id, name) values ('msp', 'p1', 'Standard'), ('msp', 'p3', 'New one');
insert into product_mappings (partner_id, product_id, service_id, service_name) values ('msp', 'p1', 1, 'Standard');
insert into companies (partner_id, company_id, name) values ('msp', 'ada', 'Ada'), ('msp', 'bea', 'Bea'), ('msp', 'cem', 'Cem'), ('msp', 'dora', 'Dora');
insert into company_mappings (partner_id, company_id, account_id, account_name, contract_id, contract_name, version, edited_at)
values ('msp', 'ada', 1, 'Ada', 10, 'Managed', 1, '2026-11-01T00:00:00Z'), ('msp', 'bea', 2, 'Bea', 20, 'Managed', 1, '2026-11-01T00:00:00Z'),
       ('msp', 'dora', 4, 'Dora', 40, 'Managed', 1, '2026-11-01T00:00:00Z');
insert into runs (run_id, partner_id, trigger, mode, state, all_companies, created_at, finished_at)
select ('00000000-0000-0000-0000-00000000000' || n)::uuid, partner, trigger, mode, state, true, '2026-11-20T00:00:00Z',
       case state when 'running' then null else timestamptz '2026-11-20T00:10:00Z' end
from (values (1, 'msp', 'schedule', 'apply', 'finished'), (2, 'msp', 'request', 'plan', 'finished'), (3, 'msp', 'full_read', 'apply', 'running'),
             (4, 'msp', 'probe', 'apply', 'finished'), (5, 'other', 'request', 'apply', 'running')) as made (n, partner, trigger, mode, state)
order by n;
insert into statuses (partner_id, company_id, contract_id, account_id, state, code, products, run_id, run_number, attempt, updated_at)
select 'msp', company, contract, 1, state, code, products::jsonb, '00000000-0000-0000-0000-000000000001', 1, 1, '2026-11-20T00:00:00Z'
from (values ('ada', 10, 'changed', null, '[{"product":"p1","service":1,"state":"changed","users":5,"billed":5,"from":4,"to":5}]'),
             ('bea', 20, 'not_sent', 'CON-01', '[{"product":"p1","service":1,"state":"not_sent","code":"CON-01","users":12,"billed":12,"to":12}]'),
             ('cem', 0, 'not_mapped', 'MAP-01', '[]'),
             ('dora', 40, 'held', 'QTY-01', '[{"product":"p1","service":1,"state":"held","users":0,"billed":0,"from":40,"to":0}]'),
             ('ada', 99, 'not_sent', 'CON-01', '[{"product":"p1","service":1,"state":"not_sent","users":900,"billed":900,"to":900}]'))
     as stored (company, contract, state, code, products);
insert into lines (partner_id, contract_id, line_id, service_id, units, unit_price, seen_at, run_number)
values ('msp', 10, 1, 1, 5, 3.5, '2026-11-20T00:00:00Z', 1), ('msp', 20, 2, 1, 10, 3.5, '2026-11-20T00:00:00Z', 1),
       ('msp', 40, 3, 1, 40, 2, '2026-11-20T00:00:00Z', 1);
insert into holds (hold_id, partner_id, contract_id, service_id, company_ids, brake, from_units, to_units, effective_date, state, opened_at, run_number, decided_at, decided_by)
values ('00000000-0000-0000-0001-000000000001', 'msp', 40, 1, '{dora}', 'fall_to_zero', 40, 0, '2026-11-01', 'open', '2026-11-20T00:00:00Z', 1, null, null),
       ('00000000-0000-0000-0001-000000000002', 'msp', 40, 9, '{dora}', 'large_change', 10, 15, '2026-11-01', 'open', '2026-11-20T00:00:00Z', 1, null, null),
       ('00000000-0000-0000-0001-000000000003', 'msp', 10, 1, '{ada}', 'large_change', 10, 500, '2026-11-01', 'dismissed', '2026-11-20T00:00:00Z', 1, '2026-11-20T00:00:00Z', 'Pia');
insert into reports (partner_id, report_id, day, counted_at, final, parts, complete_at)
values ('msp', 'r1', '2026-11-21', '2026-11-22T00:00:00Z', false, 1, '2026-11-22T00:00:00Z');
insert into report_companies (partner_id, report_id, company_id) select 'msp', 'r1', company_id from companies;
insert into user_counts (partner_id, report_id, company_id, product_id, users, basis)
values ('msp', 'r1', 'ada', 'p1', 5, 'users'), ('msp', 'r1', 'ada', 'p3', 6, 'users'), ('msp', 'r1', 'cem', 'p1', 4, 'users');
insert into newest_reports (partner_id, company_id, report_id, day, counted_at, users, missing)
values ('msp', 'ada', 'r1', '2026-11-21', '2026-11-22T00:00:00Z', 11, 0), ('msp', 'cem', 'r1', '2026-11-21', '2026-11-22T00:00:00Z', 4, 0);
"#;

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("an instant")
}

fn run_id(number: u128) -> RunId {
    RunId(uuid::Uuid::from_u128(number))
}

async fn partner() -> Result<(TestDatabase, PartnerId)> {
    let database = testkit::database().await;
    database.client().await.batch_execute(PARTNER).await?;
    Ok((database, PartnerId::new("msp")?))
}

async fn look(database: &TestDatabase, partner: &PartnerId, most: u32) -> Result<Overview> {
    let month = Month::of(date(2026, 10, 1));
    let read =
        database.store.transaction("overview", |tx| Box::pin(overview(tx, partner, most, month, now())));
    Ok(read.await?)
}

#[tokio::test]
async fn a_partners_headline_is_what_its_tables_say() -> Result<()> {
    let (database, msp) = partner().await?;
    let seen = look(&database, &msp, 10).await?;
    assert_eq!((seen.state, seen.refused), (Some(IntegrationState::On), None));
    let counts = seen.companies;
    assert_eq!((counts.all, counts.failed, counts.held), (4, 1, 1));
    assert_eq!((counts.unmapped_with_users, counts.needs_person, counts.not_billed), (1, 3, 0));
    let worst: Vec<&str> = seen.needs_person.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(worst, ["bea", "dora", "cem"], "the worst first");
    assert_eq!(look(&database, &msp, 1).await?.needs_person.len(), 1);
    assert_eq!(seen.open_holds, 2);
    let unmapped: Vec<(&str, u32)> =
        seen.unmapped_products.iter().map(|product| (product.name.as_str(), product.users)).collect();
    assert_eq!(unmapped, [("New one", 6)]);
    // Bea's two users and Cem's four at 3.5, Dora's forty at 2; the price of Dora's other five is unknown.
    assert_eq!(seen.at_risk, AtRisk { money: 7.0 + 14.0 + 80.0, units_without_price: 5 });
    assert_eq!(seen.running.map(|run| run.run), Some(run_id(3)));
    assert_eq!(seen.last.map(|run| run.run), Some(run_id(2)), "a probe is no sync");
    assert_eq!(seen.next_run_at, Some("2026-11-23T03:07:00Z".parse()?));

    let other = look(&database, &PartnerId::new("other")?, 10).await?;
    assert_eq!((other.companies.all, other.at_risk, other.last), (0, AtRisk::default(), None));

    let refused = "update integrations set credentials_refused_code = 'AUTH-02', credentials_refused_at = '2026-11-21T00:00:00Z'";
    database.client().await.batch_execute(refused).await?;
    let refused = look(&database, &msp, 10).await?.refused.expect("it is refused");
    assert_eq!(refused.code, domain::ErrorCode::Auth02);
    Ok(())
}

/// Seven changes, one a day from the 1st; every third includes Bea's users.
const JOURNAL: &str = "
with granted as (
    insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, host, tenant, created_at)
    values ('00000000-0000-0000-0002-000000000001', '00000000-0000-0000-0000-000000000001', 1, 'msp', 'work', 'done', false, 'h', 't', '2026-11-01T00:00:00Z')
    returning job_id, run_id
), intended as (
    insert into intents (intent_id, partner_id, run_id, run_number, job_id, attempt, contract_id, service_id, line_id, from_units,
                         to_units, effective_date, addends, company_ids, granted_at, permit_until, result)
    select gen_random_uuid(), 'msp', run_id, 1, job_id, 1, 10, 1, 1, n, n + 1, '2026-11-01',
           jsonb_build_array(jsonb_build_object('company', case when n % 3 = 0 then 'bea' else 'ada' end, 'product', 'p1', 'users', n)),
           '{}', '2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z', 'sent'
    from granted, generate_series(1, 7) as n
    returning *
)
select 1;
insert into journal (partner_id, intent_id, run_id, trigger, contract_id, service_id, line_id, from_units, to_units, effective_date,
                     addends, standing, written_at)
select 'msp', intent_id, run_id, 'schedule', contract_id, service_id, line_id, from_units, to_units, effective_date, addends, 'sent',
       timestamptz '2026-10-31T12:00:00Z' + to_units * interval '1 day' - interval '1 day'
from intents order by to_units";

#[tokio::test]
async fn b_04_the_journal_and_the_runs_are_read_by_pages_that_go_on_where_the_last_one_ended() -> Result<()> {
    let (database, msp) = partner().await?;
    database.client().await.batch_execute(JOURNAL).await?;
    let (msp, bea) = (&msp, &CompanyId::new("bea")?);
    let all = JournalQuery { company: None, from: None, until: None, before: None, size: 3 };
    let page = async |query: JournalQuery<'_>| -> Result<Vec<(i64, u32)>> {
        let query = &query;
        let read = database.store.transaction("journal", |tx| Box::pin(journal_page(tx, msp, query)));
        Ok(read.await?.into_iter().map(|entry| (entry.entry, entry.to_units)).collect())
    };
    let mut units = Vec::new();
    let mut before = None;
    loop {
        let entries = page(JournalQuery { before, ..all }).await?;
        let Some((last, _)) = entries.last() else { break };
        before = Some(*last);
        units.extend(entries.into_iter().map(|(_, to)| to));
    }
    assert_eq!(units, [8, 7, 6, 5, 4, 3, 2]);
    let of =
        async |query| -> Result<Vec<u32>> { Ok(page(query).await?.into_iter().map(|(_, to)| to).collect()) };
    assert_eq!(of(JournalQuery { company: Some(bea), ..all }).await?, [7, 4]);
    let (from, until) = (Some("2026-11-02T00:00:00Z".parse()?), Some("2026-11-04T00:00:00Z".parse()?));
    assert_eq!(of(JournalQuery { from, until, ..all }).await?, [4, 3]);

    let runs = async |before| -> Result<Vec<(i64, RunId)>> {
        let read = database.store.transaction("activity", |tx| Box::pin(activity_page(tx, msp, before, 2)));
        Ok(read.await?.into_iter().map(|run| (run.number, run.run)).collect())
    };
    let first = runs(None).await?;
    assert_eq!(first.iter().map(|(_, run)| *run).collect::<Vec<_>>(), [run_id(3), run_id(2)]);
    let second = runs(first.last().map(|(number, _)| *number)).await?;
    assert_eq!(second.iter().map(|(_, run)| *run).collect::<Vec<_>>(), [run_id(1)]);
    Ok(())
}

#[tokio::test]
async fn b_02_a_plan_is_a_table_with_the_difference_at_the_lines_price() -> Result<()> {
    let (database, msp) = partner().await?;
    let copied = "insert into run_companies (run_id, partner_id, company_id, contract_id, state, products, attempt)
                  select '00000000-0000-0000-0000-000000000002', partner_id, company_id, contract_id, state, products, 1
                  from statuses where contract_id <> 99";
    database.client().await.batch_execute(copied).await?;
    let msp = &msp;
    let rows = database.store.transaction("plan", |tx| Box::pin(plan_rows(tx, msp, run_id(2)))).await?;
    let table: Vec<_> =
        rows.iter().map(|row| (row.name.as_str(), row.from, row.to, row.difference())).collect();
    assert_eq!(
        table,
        [
            ("Ada", Some(4.0), Some(5), Some(3.5)),
            ("Bea", None, Some(12), None),
            ("Dora", Some(40.0), Some(0), Some(-80.0)),
        ]
    );
    Ok(())
}
