//! A partner without an integration, a simulated Kaseya, and what the operations need.

use std::{sync::Arc, time::Duration};

use domain::{Billing, CompanyId, Entropy, PartnerId, ProductId};
use egress::{Egress, EgressSettings};
use kaseya::{Bms, BmsSettings};
use kaseya_simulator::{Clock, ContractStatus, Running, Simulator, State};
use operations::{
    Acting, Connections, Operations,
    connection_form::{ConnectionForm, CredentialsForm},
};
use secrecy::SecretString;
use store::{
    DatabaseRole,
    access::Actor,
    settings::{self, PartnerSettings},
};
use testkit::{TestDatabase, database_as, entropy};
use vault::{Associated, KeyRing};

pub(crate) const RIGHT: &str = "correct horse";
pub(crate) const NOW: &str = "2026-11-23T10:00:00Z";

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) kaseya: Running,
    pub(crate) connections: Connections,
    pub(crate) partner: PartnerId,
    pub(crate) actor: Actor,
    /// The key ring's text.
    pub(crate) ring: SecretString,
    keys: Arc<KeyRing>,
}

impl World {
    /// With a partner, two products and three companies from the provider.
    pub(crate) async fn new() -> Self {
        let entropy = entropy(7);
        let clock = testkit::Clock::at(NOW);
        let kaseya = Simulator::new(kaseya_state(), Clock::standing(NOW.parse().expect("an instant")))
            .start(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        let database = database_as(DatabaseRole::Portal).await;
        let sql =
            "insert into partners (partner_id, name, count_zone) values ('msp-1', 'MSP', 'Europe/Rome');
                   insert into products (partner_id, product_id, name) values
                       ('msp-1', 'standard', 'Standard'), ('msp-1', 'advanced', 'Advanced');
                   insert into companies (partner_id, company_id, name) values
                       ('msp-1', 'one', 'One'), ('msp-1', 'two', 'Two'), ('msp-1', 'three', 'Three')";
        database.client().await.batch_execute(sql).await.expect("the statements are right");
        let ring = KeyRing::generate("first", |bytes| entropy.fill(bytes)).expect("a ring");
        let keys = Arc::new(KeyRing::parse(&ring).expect("a ring"));
        let connections = connections(&database, &clock, entropy, Arc::clone(&keys));
        let actor = Actor { name: "Pia".to_owned(), identity: None, address: None, trace_id: None };
        let partner = PartnerId::new("msp-1").expect("an id");
        Self { database, kaseya, connections, ring, keys, partner, actor }
    }

    /// The same with its connection saved.
    pub(crate) async fn connected() -> Self {
        let world = Self::new().await;
        world.connections.save(&world.actor, &world.partner, &world.form(RIGHT)).await.expect("it is right");
        world
    }

    /// Stores another V2 address, like a program that allowed it.
    pub(crate) async fn reseal_at(&self, v2_base: &str) {
        let stored = self.settings().await.integration.expect("an integration");
        let associated = Associated {
            partner: self.partner.as_str(),
            host: &stored.credentials.host,
            v2_base: Some(v2_base),
            v1_base: stored.credentials.v1_base.as_deref(),
            tenant: &stored.credentials.tenant,
            user: &stored.credentials.user_name,
        };
        let entropy = entropy(9);
        let sealed = self.keys.seal(&associated, &SecretString::from(RIGHT), |bytes| entropy.fill(bytes));
        let sealed = sealed.as_str();
        self.sql(&format!("update integrations set v2_base = '{v2_base}', sealed_password = '{sealed}'"))
            .await;
    }

    pub(crate) fn operations(&self) -> &Operations {
        &self.connections.operations
    }

    /// The operations, carried out by Pia.
    pub(crate) fn acting(&self) -> Acting<'_> {
        self.operations().by(&self.actor)
    }

    pub(crate) fn credentials(&self, password: &str) -> CredentialsForm {
        let base = self.kaseya.base_url();
        CredentialsForm {
            host: "bms.kaseya.com".to_owned(),
            v2_base: base.clone(),
            v1_base: format!("{base}/api"),
            user_name: "sync".to_owned(),
            password: SecretString::from(password),
            company_name: "Example MSP".to_owned(),
        }
    }

    pub(crate) fn form(&self, password: &str) -> ConnectionForm {
        ConnectionForm {
            credentials: self.credentials(password),
            enabled: true,
            billing: Some(Billing::Arrears),
            invoice_day: Some(5),
            month_end_run: true,
            drift: None,
            numbers: std::collections::BTreeMap::new(),
            share_tenant: false,
        }
    }

    pub(crate) async fn settings(&self) -> PartnerSettings {
        let partner = &self.partner;
        self.database
            .store
            .transaction("read", |tx| Box::pin(settings::read(tx, partner)))
            .await
            .expect("the database answers")
            .expect("the partner is there")
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.database.client().await.batch_execute(sql).await.expect("the statements are right");
    }

    /// The kinds of the security events so far, with their actor and object.
    pub(crate) async fn events(&self) -> Vec<String> {
        let sql = "select concat_ws(' ', kind, by_name, object) from security_events order by number";
        let rows = self.database.client().await.query(sql, &[]).await.expect("it answers");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The first column of a statement's only row.
    pub(crate) async fn text(&self, sql: &str) -> Option<String> {
        self.database.client().await.query_one(sql, &[]).await.expect("the statement is right").get(0)
    }

    pub(crate) async fn version(&self, id: &str) -> Option<u32> {
        let settings = self.settings().await;
        settings.companies[&company(id)].mapping.as_ref().map(|mapping| mapping.version)
    }
}

fn connections(
    database: &TestDatabase,
    clock: &testkit::Clock,
    entropy: Entropy,
    keys: Arc<KeyRing>,
) -> Connections {
    let clock: Arc<dyn domain::Clock> = Arc::new(clock.clone());
    let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
    let bms = Bms::new(egress, Arc::clone(&clock), BmsSettings::default());
    let (store, spread) = (database.store.clone(), Duration::from_secs(900));
    Connections::new(Operations { store, bus: None, clock, entropy, spread }, bms, keys)
}

fn kaseya_state() -> State {
    State::builder()
        .login("sync", RIGHT, "Example MSP")
        .account(301, "Azienda 1")
        .service(701, "Password Boss Standard", 3.5)
        .contract(5001, 301, "Servizi gestiti")
        .line(90_011, 701, 10.0)
        .contract(5002, 301, "Finito")
        .contract(5003, 301, "Fermo")
        .contract(5004, 301, "Ore")
        .contract(5005, 301, "Scade")
        .with(|state| {
            let day = |day: &str| Some(day.parse().expect("a day"));
            state.contracts[1].end = day("2026-10-31");
            state.contracts[2].status = ContractStatus::Inactive;
            state.contracts[3].contract_type = "Time and Material".to_owned();
            state.contracts[4].end = day("2026-12-10");
        })
        .build()
}

pub(crate) fn company(id: &str) -> CompanyId {
    CompanyId::new(id).expect("an id")
}

pub(crate) fn product(id: &str) -> ProductId {
    ProductId::new(id).expect("an id")
}
