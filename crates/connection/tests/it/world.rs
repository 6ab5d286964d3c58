//! A simulated Kaseya, a database, and an authenticator.

use std::sync::Arc;

use connection::{Authenticated, Authenticator, NotTried, OpenCredentials, credentials};
use domain::{Backoff, PartnerId};
use egress::{Egress, EgressSettings};
use jiff::SignedDuration;
use kaseya::{Bms, BmsSettings};
use kaseya_simulator::{Clock, Running, Simulator, State};
use secrecy::SecretString;
use testkit::{TestDatabase, database_as, entropy};
use vault::{Associated, KeyRing};

pub(crate) const RIGHT: &str = "correct horse";
const NOW: &str = "2026-11-23T10:00:00Z";

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) kaseya: Running,
    clock: testkit::Clock,
    keys: Arc<KeyRing>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let entropy = entropy(7);
        let ring = KeyRing::generate("first", |bytes| entropy.fill(bytes)).expect("a ring");
        let state = State::builder()
            .login("sync", RIGHT, "Example MSP")
            .account(301, "Azienda 1")
            .service(701, "Password Boss Standard", 3.5)
            .contract(5001, 301, "Servizi gestiti")
            .line(90_011, 701, 10.0)
            .build();
        let clock = testkit::Clock::at(NOW);
        let kaseya = Simulator::new(state, Clock::standing(NOW.parse().expect("an instant")))
            .start(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        let keys = Arc::new(KeyRing::parse(&ring).expect("a ring"));
        Self { database: database_as(store::DatabaseRole::Portal).await, kaseya, clock, keys }
    }

    pub(crate) fn pass(&self, minutes: i64) {
        let step = SignedDuration::from_mins(minutes);
        self.clock.advance(step.unsigned_abs());
        self.kaseya.clock().advance(step);
    }

    pub(crate) fn values(&self, password: &str) -> OpenCredentials {
        let base = self.kaseya.base_url();
        OpenCredentials {
            host: "bms.example.com".to_owned(),
            v2_base: Some(base.clone()),
            v1_base: Some(format!("{base}/api")),
            tenant: "Example MSP".to_owned(),
            user_name: "sync".to_owned(),
            password: SecretString::from(password),
        }
    }

    /// Tries values like one process: with a client of its own.
    pub(crate) async fn try_as(
        &self,
        partner: &str,
        values: &OpenCredentials,
        fixed: bool,
    ) -> Result<Authenticated, NotTried> {
        let clock = Arc::new(self.clock.clone());
        let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
        let read_again = Backoff { first: std::time::Duration::ZERO, longest: std::time::Duration::ZERO };
        let bms =
            Bms::new(egress, Arc::clone(&clock) as _, BmsSettings { read_again, ..BmsSettings::default() });
        let (store, keys) = (self.database.store.clone(), Arc::clone(&self.keys));
        let partner = PartnerId::new(partner).expect("an id");
        Authenticator { store, bms, keys, clock }.authenticate(&partner, values, fixed).await
    }

    pub(crate) async fn try_password(&self, password: &str) -> Result<Authenticated, NotTried> {
        self.try_as("msp-1", &self.values(password), false).await
    }

    /// A partner that is on with this password.
    pub(crate) async fn partner(&self, id: &str, password: &str) {
        let values = self.values(password);
        let host = &values.host;
        let (v2_base, v1_base) = (values.v2_base.as_deref(), values.v1_base.as_deref());
        let (tenant, user, base) = ("Example MSP", "sync", self.kaseya.base_url());
        let associated = Associated { partner: id, host, v2_base, v1_base, tenant, user };
        let entropy = entropy(8);
        let sealed = self.keys.seal(&associated, &values.password, |bytes| entropy.fill(bytes));
        let marks = credentials::marks(&values, &self.keys).join(",");
        self.sql(&format!(
            "insert into partners (partner_id, name, count_zone) values ('{id}', 'MSP', 'UTC');
             insert into integrations (partner_id, host, v2_base, v1_base, tenant, user_name, sealed_password, password_marks,
                 credentials_version, state, billing, invoice_day, month_end_run, freeze_hour, max_count_age_days,
                 brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies,
                 call_share_percent, saved_at)
             values ('{id}', 'bms.example.com', '{base}', '{base}/api', 'Example MSP', 'sync', '{}', '{{{marks}}}', 1, 'on', 'arrears', 5, true,
                 6, 3, 5, 20, 25, 20, 5, 50, '{NOW}')",
            sealed.as_str()
        ))
        .await;
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.database.client().await.batch_execute(sql).await.expect("the statements are right");
    }

    /// A statement's one value as text.
    pub(crate) async fn text(&self, sql: &str) -> String {
        let sql = format!("select ({sql})::text");
        let row = self.database.client().await.query_one(&sql, &[]).await.expect("the statement is right");
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }
}
