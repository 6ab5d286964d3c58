//! Pages of companies, compared with the results of `status_reading` for all of them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use domain::{CompanyState, Level, Month, NotReady, PartnerId, PartnerReadiness, ReportId};
use jiff::{Timestamp, civil::date};
use store::{
    StoreError,
    counts::{self, reports},
    settings::{self, PartnerSettings},
    statuses::{
        self, CompanyStatus,
        listing::{Filter, ListedCompany, Page, Query, Readiness, Sort, page},
        readiness,
    },
};
use testkit::TestDatabase;

const BY_CHANCE: &str = include_str!("partner_by_chance.sql");

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("an instant")
}

fn msp() -> PartnerId {
    PartnerId::new("msp").expect("an id")
}

/// The partner, with reports of three days; the middle one arrives last.
async fn partner(seed: &str) -> Result<TestDatabase> {
    let database = testkit::database().await;
    let script = BY_CHANCE
        .replace("SEED", seed)
        .replace("COMPANIES", "150")
        .replace("OWN", "0.3")
        .replace("REPORTS", "3");
    database.client().await.batch_execute(&script).await?;
    // Late enough for the month-end run; otherwise no company would be ready.
    database.client().await.batch_execute("update integrations set invoice_day = 5").await?;
    let msp = &msp();
    for report in ["r1", "r3", "r2"] {
        let report = &ReportId::new(report)?;
        let completed = database
            .store
            .transaction("complete", |tx| Box::pin(reports::complete(tx, msp, report, now())))
            .await?;
        assert!(completed);
    }
    Ok(database)
}

fn query(search: &str, filter: Filter) -> Query<'_> {
    Query { search, filter, sort: Sort::Company, descending: false, offset: 0, size: 1000 }
}

async fn listed(database: &TestDatabase, query: Query<'_>) -> Result<Page> {
    let (msp, month) = (&msp(), Month::of(date(2026, 10, 1)));
    let query = &query;
    let page = database
        .store
        .transaction("page", |tx| Box::pin(async move { page(tx, msp, query, month, now()).await }))
        .await?;
    Ok(page)
}

/// The statuses of all companies, computed in another way.
struct Expected {
    settings: PartnerSettings,
    statuses: BTreeMap<String, Vec<CompanyStatus>>,
    users: BTreeMap<String, u32>,
    readiness: PartnerReadiness,
    changed: BTreeSet<String>,
}

impl Expected {
    async fn read(database: &TestDatabase) -> Result<Self> {
        let msp = &msp();
        let (settings, rows, reports, readiness) = database
            .store
            .transaction("expected", |tx| {
                Box::pin(async move {
                    let settings = settings::read(tx, msp).await?.ok_or(StoreError::NoRow)?;
                    let rows = statuses::companies(tx, &settings, now()).await?;
                    let reports = counts::newest(tx, msp, date(2026, 1, 1), date(2026, 12, 31)).await?;
                    let readiness = readiness::partner(tx, msp, now()).await?;
                    Ok::<_, StoreError>((settings, rows, reports, readiness))
                })
            })
            .await?;
        let mut statuses: BTreeMap<String, Vec<CompanyStatus>> = BTreeMap::new();
        for row in rows {
            statuses.entry(row.company.to_string()).or_default().push(row);
        }
        let users = reports
            .into_iter()
            .map(|(company, report)| (company.to_string(), report.users.values().flatten().sum()))
            .collect();
        let sql = "select distinct company_id from run_companies
                   where run_id = '00000000-0000-0000-0000-000000000002' and state in ('changed', 'sent')";
        let changed = database.client().await.query(sql, &[]).await?;
        Ok(Self {
            settings,
            statuses,
            users,
            readiness,
            changed: changed.iter().map(|row| row.get(0)).collect(),
        })
    }

    fn not_ready(&self, id: &str) -> Option<NotReady> {
        let company = &self.settings.companies[&domain::CompanyId::new(id).expect("an id")];
        readiness::of_statuses(&self.readiness, company.mapping.is_some(), &self.statuses[id])
    }

    fn passes(&self, id: &str, filter: Filter) -> bool {
        let company = &self.settings.companies[&domain::CompanyId::new(id).expect("an id")];
        let any = |is: &dyn Fn(&CompanyStatus) -> bool| self.statuses[id].iter().any(is);
        let failed = any(&|row| {
            row.state == CompanyState::NotSent
                || row.contract.is_some() && row.code.is_some_and(|code| code.level() == Level::Error)
        });
        let held = any(&|row| row.state == CompanyState::Held);
        let unmapped = company.mapping.is_none();
        match filter {
            Filter::All => true,
            Filter::NeedsPerson => {
                failed || held || unmapped && self.users.get(id).is_some_and(|users| *users > 0)
            }
            Filter::Unmapped => unmapped,
            Filter::Failed => failed,
            Filter::Held => held,
            Filter::Changed => self.changed.contains(id),
            Filter::NotBilled => {
                company.billing_rules.values().any(|billing| billing.rule == domain::BillingRule::NotBilled)
            }
            Filter::Closed => company.closed_from.is_some(),
            Filter::Never => any(&|row| row.state == CompanyState::Never),
        }
    }

    fn found(&self, search: &str, filter: Filter) -> BTreeSet<String> {
        let search = search.to_lowercase();
        let matches = |id: &str| {
            let company = &self.settings.companies[&domain::CompanyId::new(id).expect("an id")];
            let mut texts = vec![id.to_owned(), company.name.clone()];
            if let Some(mapping) = &company.mapping {
                texts.extend([mapping.account_name.clone(), mapping.contract.name.clone()]);
                texts.extend(mapping.product_contracts.values().map(|contract| contract.name.clone()));
            }
            texts.iter().any(|text| text.to_lowercase().contains(&search))
        };
        self.statuses.keys().filter(|id| matches(id) && self.passes(id, filter)).cloned().collect()
    }
}

/// Compares every filter, row and count with the statuses.
async fn compare(database: &TestDatabase, what: &str) -> Result<()> {
    let expected = Expected::read(database).await?;
    for search in ["", "FORNO", "_100%", "backup 3", "agreement 12", "nothing like it"] {
        for filter in Filter::ALL {
            let Page { companies, counts, readiness: judged } =
                listed(database, query(search, *filter)).await?;
            let ids: BTreeSet<String> = companies.iter().map(|row| row.id.to_string()).collect();
            assert_eq!(ids, expected.found(search, *filter), "{what}: {search:?} {filter:?}");
            assert_eq!(counts.of(*filter) as usize, ids.len(), "{what}: {search:?} {filter:?}");
            let mut readiness = Readiness::default();
            for id in expected.found(search, Filter::All) {
                match expected.not_ready(&id) {
                    None => readiness.ready += 1,
                    Some(reason) => *readiness.not_ready.entry(reason).or_default() += 1,
                }
            }
            assert_eq!(judged, readiness, "{what}: {search:?}");
            for row in companies {
                let id = row.id.as_str();
                assert_eq!(row.not_ready, expected.not_ready(id), "{what}: {id}");
                assert_eq!(row.statuses, expected.statuses[id], "{what}: {id}");
                assert_eq!(row.company, expected.settings.companies[&row.id], "{what}: {id}");
            }
        }
    }
    Ok(())
}

/// Each statement changes the companies' standings through one of the tables they are computed from.
const WRITTEN: &[&str] = &[
    "update company_mappings set contract_id = contract_id + 1 where account_id % 5 = 0",
    "update company_product_contracts set contract_id = contract_id + 1 where substr(company_id, 2)::int % 4 = 0",
    "delete from company_product_contracts where substr(company_id, 2)::int % 7 = 0",
    "delete from company_mappings where account_id % 8 = 0",
    "delete from statuses where substr(company_id, 2)::int % 9 = 0",
    "update statuses set state = 'held', code = 'QTY-01', last_sync = null where substr(company_id, 2)::int % 10 = 0",
    "insert into company_mappings (partner_id, company_id, account_id, account_name, contract_id, contract_name, version,
                                   edited_at)
     select 'msp', company_id, 1, 'Account 1', 10, 'Agreement 1', 1, '2026-11-01T00:00:00Z' from companies
     where partner_id = 'msp' on conflict do nothing",
    "update statuses set state = 'not_billed', code = null, last_sync = null where substr(company_id, 2)::int % 3 = 0",
    "update statuses set state = 'unchanged', code = null, last_sync = '2026-11-22T02:00:00Z'
     where substr(company_id, 2)::int % 3 <> 0 or contract_id % 2 = 0",
    r#"update statuses set remarks = '[{"kind": "counts_later", "service": "Standard", "fromDay": "2026-12-01"}]'
       where substr(company_id, 2)::int % 4 = 1"#,
    "insert into holds (hold_id, partner_id, contract_id, service_id, company_ids, brake, from_units, to_units, effective_date,
                        state, opened_at, run_number)
     select gen_random_uuid(), 'msp', n, 1, array['c' || n], 'leftover', 10, 0, '2026-11-01',
            case when n % 3 = 0 then 'gone' else 'open' end, '2026-11-20T00:00:00Z', 2
     from generate_series(1, 150, 11) as n",
    "insert into companies (partner_id, company_id, name) values ('msp', 'c9001', 'Forno new')",
    "delete from product_mappings where product_id = 'p2'",
    "delete from product_mappings",
    "insert into product_mappings (partner_id, product_id, service_id, service_name) values ('msp', 'p3', 3, 'Third')",
];

#[tokio::test]
async fn s_34_pages_show_what_the_statuses_say_of_all_companies() -> Result<()> {
    for seed in ["0.1", "0.7"] {
        let database = partner(seed).await?;
        let client = database.client().await;
        compare(&database, "synced").await?;
        client
            .batch_execute(
                "insert into jobs (job_id, run_id, run_number, partner_id, kind, state, now_job, contract_ids, company_ids, host, tenant,
                                   not_before, holder, lease_until, created_at)
                 select gen_random_uuid(), '00000000-0000-0000-0000-000000000002', 2, 'msp', kind, state, false,
                        array(select contract_id from company_mappings where partner_id = 'msp' and account_id % 6 = n),
                        array(select company_id from companies where partner_id = 'msp' and kind = 'local'
                                                                and substr(company_id, 2)::int % 2 = 0),
                        case kind when 'work' then 'h' end, case kind when 'work' then 't' end, not_before::timestamptz,
                        case state when 'started' then 'w' end,
                        case state when 'started' then timestamptz '2026-11-22T10:01:00Z' end, '2026-11-22T09:00:00Z'
                 from (values (0, 'work', 'ready', null), (0, 'work', 'started', null), (1, 'work', 'emitted', null),
                              (2, 'work', 'ready', '2026-11-23T00:00:00Z'), (2, 'work', 'done', null),
                              (7, 'local', 'ready', null)) as made (n, kind, state, not_before)",
            )
            .await?;
        compare(&database, "running").await?;
        for written in WRITTEN {
            client.batch_execute(written).await?;
            compare(&database, written).await?;
        }
        client.batch_execute("update integrations set state = 'switching_off'").await?;
        compare(&database, "switching off").await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_two_write_of_one_company_at_once_is_both_in_how_it_stands() -> Result<()> {
    let database = partner("0.4").await?;
    let [first, second] = [database.client().await, database.client().await];
    let hold = "begin; update statuses set state = 'held' where company_id = (select min(company_id) from company_mappings)";
    first.batch_execute(hold).await?;
    let own = "insert into company_product_contracts (partner_id, company_id, product_id, contract_id, contract_name)
               select 'msp', min(company_id), 'p2', 4242, 'Own' from company_mappings
               on conflict (partner_id, company_id, product_id) do update set contract_id = 4242";
    let waits = tokio::spawn(async move { second.batch_execute(own).await });
    let blocked = "select exists (select from pg_stat_activity
                                  where datname = current_database() and wait_event_type = 'Lock')";
    while !first.query_one(blocked, &[]).await?.get::<_, bool>(0) {
        tokio::task::yield_now().await;
    }
    first.batch_execute("commit").await?;
    waits.await??;
    compare(&database, "two at once").await
}

#[tokio::test]
async fn s_34_in_every_order_the_pages_together_hide_none_and_repeat_none() -> Result<()> {
    let database = partner("0.3").await?;
    let all: BTreeSet<String> = listed(&database, query("", Filter::All))
        .await?
        .companies
        .iter()
        .map(|row| row.id.to_string())
        .collect();
    assert_eq!(all.len(), 150);
    for sort in [Sort::Company, Sort::Account, Sort::Contract, Sort::State, Sort::LastSync, Sort::Users] {
        for descending in [false, true] {
            let mut seen = Vec::new();
            loop {
                let offset = u32::try_from(seen.len())?;
                let asked = Query { sort, descending, offset, size: 37, ..query("", Filter::All) };
                let Page { companies, counts, .. } = listed(&database, asked).await?;
                assert_eq!(counts.all, 150, "also behind the last page");
                if companies.is_empty() {
                    break;
                }
                seen.extend(companies);
            }
            let ids: BTreeSet<String> = seen.iter().map(|row| row.id.to_string()).collect();
            assert!(seen.len() == 150 && ids == all, "{sort:?} {descending}: {} rows", seen.len());
            if sort == Sort::Users {
                let users = |row: &ListedCompany| {
                    row.newest.as_ref().map(|report| report.users.0.values().flatten().sum::<u32>())
                };
                let counted: Vec<u32> = seen.iter().filter_map(users).collect();
                assert!(counted.is_sorted_by(|one, next| if descending { one >= next } else { one <= next }));
                assert!(users(seen.last().context("rows")?).is_none(), "without a count it comes last");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn b_05_last_months_frozen_number_as_corrected_stands_beside_the_newest() -> Result<()> {
    let database = partner("0.5").await?;
    let expected = Expected::read(&database).await?;
    let Page { companies, .. } = listed(&database, query("", Filter::All)).await?;
    let mut corrected = 0;
    for row in &companies {
        let frozen = row.last_month.as_ref().and_then(counts::Users::sum);
        corrected += usize::from(frozen == Some(41));
        assert!(matches!(frozen, Some(40 | 41)), "{row:?}");
        let newest = row.newest.as_ref().map(|report| report.users.0.values().flatten().sum());
        assert_eq!(newest, expected.users.get(row.id.as_str()).copied(), "{}", row.id);
        if let Some(report) = &row.newest {
            let missing = report.users.0.values().any(Option::is_none);
            assert_eq!(report.users.sum().is_none(), missing, "missing is never 0");
        }
    }
    assert!((1..150).contains(&corrected), "{corrected}");
    assert!(
        companies.iter().any(|row| row.newest.as_ref().is_some_and(|report| report.day == date(2026, 11, 3)))
    );
    Ok(())
}

/// Why a company on the pages is not ready at an instant, and how many have the same reason.
async fn not_pushed(database: &TestDatabase, id: &str, at: Timestamp) -> Result<(Option<NotReady>, u32)> {
    let (msp, month, query) = (&msp(), Month::of(date(2026, 10, 1)), &query("", Filter::All));
    let page = database
        .store
        .transaction("page", |tx| Box::pin(async move { page(tx, msp, query, month, at).await }))
        .await?;
    let row = page.companies.iter().find(|row| row.id.as_str() == id).context("a company")?;
    let number = page.readiness.not_ready.get(&NotReady::MonthNotPushed).copied().unwrap_or_default();
    Ok((row.not_ready, number))
}

#[tokio::test(flavor = "multi_thread")]
async fn g_10_a_company_whose_number_was_corrected_is_not_ready_before_it_is_pushed() -> Result<()> {
    let database = partner("0.5").await?;
    let client = database.client().await;
    // Between the freeze and the invoice, with all companies seen since.
    let at: Timestamp = "2026-11-03T10:00:00Z".parse()?;
    client
        .batch_execute(
            "update runs set created_at = '2026-11-02T00:00:00Z';
             update statuses set state = 'unchanged', code = null, last_sync = '2026-11-02T01:00:00Z';
             insert into schedules (partner_id, frequency, hour, zone, version, next_nominal, next_run_at)
             values ('msp', 'daily', 1, 'UTC', 1, '2026-11-04', '2026-11-04T01:00:00Z')",
        )
        .await?;
    let sql = "select min(company_id) from company_standings
               where partner_id = 'msp' and states = '{unchanged}' and not unmapped
                 and company_id not in (select company_id from frozen_counts where correction > 0)";
    let id: String = client.query_one(sql, &[]).await?.get(0);
    assert_eq!(not_pushed(&database, &id, at).await?, (None, 0));
    let correction = "insert into frozen_counts (partner_id, month, company_id, product_id, correction, users, day, counted_at,
                                                 reason, recorded_at)
                      values ('msp', '2026-10-01', $1, 'p1', 1, 77, '2026-10-31', '2026-11-01T00:00:00Z', 'late',
                              '2026-11-03T09:00:00Z')";
    client.execute(correction, &[&id]).await?;
    assert_eq!(not_pushed(&database, &id, at).await?, (Some(NotReady::MonthNotPushed), 1));
    // Kaseya shows the old number once more, in a run made before.
    client.batch_execute("update statuses set last_sync = '2026-11-03T09:30:00Z'").await?;
    assert_eq!(not_pushed(&database, &id, at).await?, (Some(NotReady::MonthNotPushed), 1));
    client.batch_execute("update runs set created_at = '2026-11-03T09:40:00Z'").await?;
    assert_eq!(not_pushed(&database, &id, at).await?, (None, 0));
    Ok(())
}

async fn readiness_at(database: &TestDatabase, now: &str) -> Result<PartnerReadiness> {
    let (msp, now) = (&msp(), now.parse()?);
    let read = database.store.transaction("readiness", |tx| Box::pin(readiness::partner(tx, msp, now)));
    Ok(read.await?)
}

#[tokio::test]
async fn case_c4_what_a_run_saw_grows_old_while_no_scheduler_makes_the_next() -> Result<()> {
    let database = partner("0.2").await?;
    let schedule =
        "insert into schedules values ('msp', 'daily', null, 2, 'UTC', 1, '2026-11-26', '2026-11-27',
                                                  '2026-11-27T02:10:00Z')";
    database.client().await.batch_execute(schedule).await?;
    // The readings of the run of the 26th count while the next run is not due, and while it is only late.
    let last_run: Timestamp = "2026-11-26T02:10:00Z".parse()?;
    for now in ["2026-11-26T12:00:00Z", "2026-11-27T05:00:00Z", "2026-11-28T06:00:00Z"] {
        assert!(readiness_at(&database, now).await?.seen_since <= last_run, "{now}");
    }
    for now in ["2026-11-28T06:11:00Z", "2026-12-05T00:00:00Z"] {
        assert!(readiness_at(&database, now).await?.seen_since > last_run, "{now}");
    }
    Ok(())
}

#[tokio::test]
async fn case_c4_from_the_cut_off_on_no_earlier_count_is_the_months_though_nothing_has_frozen_it()
-> Result<()> {
    let database = partner("0.2").await?;
    let cut_off: Timestamp = "2026-12-01T06:00:00Z".parse()?;
    assert_eq!(readiness_at(&database, "2026-12-01T05:59:59Z").await?.frozen_at, None);
    assert_eq!(readiness_at(&database, "2026-12-01T06:00:00Z").await?.frozen_at, Some(cut_off));
    let freeze = "insert into month_ends (partner_id, month, frozen_at, final, looked_at)
                  values ('msp', '2026-11-01', '2026-12-01T07:00:00Z', false, '2026-12-01T07:00:00Z')";
    database.client().await.batch_execute(freeze).await?;
    let frozen_at: Timestamp = "2026-12-01T07:00:00Z".parse()?;
    assert_eq!(readiness_at(&database, "2026-12-01T08:00:00Z").await?.frozen_at, Some(frozen_at));
    assert_eq!(readiness_at(&database, "2026-12-06T00:00:00Z").await?.frozen_at, None, "its invoice is made");
    Ok(())
}
