//! The content of the tables, as text.

use std::time::Duration;

use crate::{Installation, Partner};

/// Long enough for leases to expire and a broker to come back on a busy machine; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(180);

impl Installation<'_> {
    /// Runs statements directly, bypassing the services.
    pub async fn sql(&self, sql: &str) {
        self.database.client().await.batch_execute(sql).await.expect("the statements are right");
    }

    /// A statement's only value; `none` for null or no row.
    pub async fn text(&self, sql: &str) -> String {
        let sql = format!("select ({sql})::text");
        let row = self.database.client().await.query_one(&sql, &[]).await.expect("the statement is right");
        row.get::<_, Option<String>>(0).unwrap_or_else(|| "none".to_owned())
    }

    /// Waits until a statement has this value.
    pub async fn until_text(&self, sql: &str, wanted: &str) {
        let client = self.database.client().await;
        let statement = format!("select ({sql})::text");
        let mut last = String::new();
        let met = async {
            loop {
                let row = client.query_one(&statement, &[]).await.expect("the statement is right");
                last = row.get::<_, Option<String>>(0).unwrap_or_else(|| "none".to_owned());
                if last == wanted {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let met = tokio::time::timeout(PATIENCE, met).await.is_ok();
        assert!(met, "not within {PATIENCE:?}: {sql} is {last:?} and not {wanted:?}");
    }

    /// Waits until a partner's runs match: trigger and state, in the order of run numbers.
    pub async fn until_runs(&self, partner: &Partner, wanted: &str) {
        let sql = format!(
            "select string_agg(trigger || ' ' || state, ', ' order by run_number) from runs where partner_id = '{}'",
            partner.id
        );
        self.until_text(&sql, wanted).await;
    }

    /// A partner's statuses: company, state, code.
    pub async fn statuses(&self, partner: &Partner) -> String {
        self.text(&format!(
            "select string_agg(concat_ws(' ', company_id, state, code), ', ' order by company_id)
             from statuses where partner_id = '{}'",
            partner.id
        ))
        .await
    }

    /// A partner's journal: line, units and standing, in the order of the lines.
    pub async fn journal(&self, partner: &Partner) -> String {
        self.text(&format!(
            "select string_agg(line_id || ' ' || from_units || '→' || to_units || ' ' || standing, ', '
                               order by line_id, entry)
             from journal where partner_id = '{}'",
            partner.id
        ))
        .await
    }

    /// The outcome of a request: answer, code, and the runs that perform it.
    pub async fn answer(&self, partner: &Partner, request: &str) -> String {
        self.text(&format!(
            "select concat_ws(' ', answer, code, 'run ' || a.run_number, 'then ' || b.run_number)
             from requests left join runs a using (run_id) left join runs b on b.run_id = follow_up_run_id
             where requests.partner_id = '{}' and request_id = '{request}'",
            partner.id
        ))
        .await
    }

    /// The state of a partner's switch.
    pub async fn switch(&self, partner: &Partner) -> String {
        self.text(&format!("select state from integrations where partner_id = '{}'", partner.id)).await
    }

    /// Everything in the tables, as text.
    pub async fn dump(&self) -> String {
        let client = self.database.client().await;
        let tables = "select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace";
        let mut all = String::new();
        for table in client.query(tables, &[]).await.expect("the catalogue answers") {
            let table: String = table.get(0);
            let rows = format!("select coalesce(string_agg(row::text, E'\\n'), '') from \"{table}\" as row");
            all += &client.query_one(&rows, &[]).await.expect("a table is read").get::<_, String>(0);
            all.push('\n');
        }
        all
    }
}
