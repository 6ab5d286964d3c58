//! A world for tests: a real database, the bus in this process, a clock to turn, and partners.

use std::sync::Arc;

use bus::{InProcess, Incoming, Settlement, TraceContext};
use testkit::{Clock, TestDatabase};

use crate::{
    context::{Context, SchedulerSettings},
    counts::handle_counts,
    requests::handle_portal_message,
};

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) clock: Clock,
    pub(crate) context: Context,
}

/// A company of a report: its id, and its products with their users.
pub(crate) type Counted<'a> = (&'a str, &'a [(&'a str, Option<u32>)]);

/// A part of a report.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) report: &'a str,
    pub(crate) day: &'a str,
    pub(crate) counted_at: &'a str,
    pub(crate) part: u32,
    pub(crate) parts: u32,
    pub(crate) is_final: bool,
}

impl<'a> Part<'a> {
    /// A report in one part, counted at the end of its day.
    pub(crate) fn whole(report: &'a str, day: &'a str, counted_at: &'a str) -> Self {
        Self { report, day, counted_at, part: 1, parts: 1, is_final: false }
    }

    pub(crate) fn last_word(self) -> Self {
        Self { is_final: true, ..self }
    }
}

impl World {
    pub(crate) async fn at(now: &str) -> Self {
        let database = testkit::database_as(store::DatabaseRole::Scheduler).await;
        let clock = Clock::at(now);
        let context = Context {
            store: database.store.clone(),
            bus: Arc::new(InProcess::new()),
            clock: Arc::new(clock.clone()),
            entropy: testkit::entropy(7),
            settings: SchedulerSettings::default(),
        };
        Self { database, clock, context }
    }

    /// A second scheduler on the same database and bus.
    pub(crate) async fn replica(&self) -> Context {
        Context {
            store: self.database.another_store().await,
            entropy: testkit::entropy(8),
            ..self.context.clone()
        }
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.database.client().await.batch_execute(sql).await.expect("the statements are right");
    }

    /// The statement's single value as text; none for null.
    pub(crate) async fn text(&self, sql: &str) -> String {
        let row = self.database.client().await.query_one(&format!("select ({sql})::text"), &[]).await;
        let value: Option<String> = row.expect("the statement is right").get(0);
        value.unwrap_or_else(|| "none".to_owned())
    }

    /// A partner of Europe/Rome that is on, with companies c1, c2 … on contracts 1001, 1002 … and two mapped
    /// products: standard is service 11, advanced service 12. Its invoice day is the 10th, and its counts are frozen
    /// at noon at the latest.
    pub(crate) async fn partner(&self, partner: &str, companies: u32) {
        self.sql(&format!(
            "insert into partners values ('{partner}', 'The MSP', 'Europe/Rome', 0);
             insert into integrations values ('{partner}', 'bms.example.com', null, null, '{partner} Ltd', 'api',
                 'sealed', 1, 'on', 'arrears', 10, true, 12, 7, 5, 20, 25, 20, 5, 50, null, null, '2026-01-01T00:00Z');
             insert into products values ('{partner}', 'standard', 'Standard', null),
                                         ('{partner}', 'advanced', 'Advanced', null);
             insert into product_mappings values ('{partner}', 'standard', 11, 'PB Standard'),
                                                 ('{partner}', 'advanced', 12, 'PB Advanced');
             insert into companies select '{partner}', 'c' || n, 'Company ' || n from generate_series(1, {companies}) n;
             insert into company_mappings
             select '{partner}', 'c' || n, 100 + n, 'Account ' || n, 1000 + n, 'Contract ' || n, 1, '2026-01-01T00:00Z'
             from generate_series(1, {companies}) n"
        ))
        .await;
    }

    /// A daily schedule at 02:00 in Rome with this next day.
    pub(crate) async fn daily(&self, partner: &str, next: &str, next_run_at: &str) {
        self.sql(&format!(
            "insert into schedules values ('{partner}', 'daily', null, 2, 'Europe/Rome', 1, null, '{next}', '{next_run_at}')"
        ))
        .await;
    }

    pub(crate) async fn counts(
        &self,
        partner: &str,
        part: Part<'_>,
        companies: &[Counted<'_>],
    ) -> Settlement {
        handle_counts(&self.context, &counts_message(partner, part, companies)).await.into()
    }

    /// A request to apply; `companies` as JSON.
    pub(crate) async fn request(&self, partner: &str, id: &str, companies: serde_json::Value) -> Settlement {
        self.send(&serde_json::json!({
            "partnerId": partner, "requestId": id, "companies": companies, "mode": "SYNC_MODE_APPLY",
            "requestedBy": "Anna",
        }))
        .await
    }

    pub(crate) async fn send(&self, body: &serde_json::Value) -> Settlement {
        handle_portal_message(&self.context, &incoming(body)).await.into()
    }

    /// The stored state of a request: answer, code, and its run by number.
    pub(crate) async fn answer(&self, partner: &str, id: &str) -> String {
        self.text(&format!(
            "select concat_ws(' ', answer, code, 'run ' || a.run_number, 'then ' || b.run_number)
             from requests left join runs a using (run_id) left join runs b on b.run_id = follow_up_run_id
             where requests.partner_id = '{partner}' and request_id = '{id}'"
        ))
        .await
    }

    /// The jobs that are not done, oldest first: run, kind, contracts, companies, code, urgency.
    pub(crate) async fn open_jobs(&self) -> String {
        self.text(
            "select string_agg(concat_ws(' ', run_number, kind, state, contract_ids, company_ids, local_code,
                                         case when now_job then 'now' end), '; '
                               order by run_number, kind desc, contract_ids)
             from jobs where state <> 'done'",
        )
        .await
    }

    /// Gives up the surveys, so that their contracts are in jobs of their own although no survey saw them.
    pub(crate) async fn spread(&self) {
        self.sql("update jobs set survey_result = 'given_up' where kind = 'survey' and state = 'ready'")
            .await;
        crate::spread::spread_surveys(&self.context).await.expect("a round");
    }

    /// A worker starts the jobs with this contract.
    pub(crate) async fn start_job_of(&self, contract: u32) {
        self.sql(&format!(
            "update jobs set state = 'started', holder = 'w', lease_until = '2030-01-01T00:00Z'
             where {contract} = any(contract_ids) and state in ('ready', 'emitted')"
        ))
        .await;
    }
}

pub(crate) fn counts_message(partner: &str, part: Part<'_>, companies: &[Counted<'_>]) -> Incoming {
    let companies: Vec<_> = companies
        .iter()
        .map(|(company, products)| {
            let products: Vec<_> = products
                .iter()
                .map(|(product, users)| match users {
                    Some(users) => {
                        serde_json::json!({ "productId": product, "users": users, "basis": "COUNT_BASIS_USERS" })
                    }
                    None => serde_json::json!({ "productId": product }),
                })
                .collect();
            serde_json::json!({ "companyId": company, "products": products })
        })
        .collect();
    incoming(&serde_json::json!({
        "partnerId": partner, "reportId": part.report, "day": part.day, "countedAt": part.counted_at,
        "part": part.part, "parts": part.parts, "final": part.is_final, "companies": companies,
    }))
}

pub(crate) fn incoming(body: &serde_json::Value) -> Incoming {
    Incoming {
        id: None,
        kind: None,
        user: None,
        app: None,
        trace: TraceContext::default(),
        body: body.to_string().into_bytes().into(),
        reply_to: None,
        correlation_id: None,
        redelivered: false,
    }
}
