//! A partner with its own simulated Kaseya.

use std::fmt::Write as _;

use kaseya_simulator::{Clock, Running, Simulator, State};
use secrecy::SecretString;
use serde_json::{Value, json};
use vault::{Associated, KeyRing, Login};

/// Every partner's password in Kaseya. It must appear nowhere else.
pub const CANARY: &str = "canaryXq7tango93";
/// The service that the product `standard` is mapped to.
pub const STANDARD: i32 = 701;
/// The service that the product `advanced` is mapped to.
pub const ADVANCED: i32 = 702;
/// The initial units of every line.
const UNITS: f64 = 10.0;

/// The contract of company `c1`, `c2` and so on.
pub fn contract(company: i32) -> i32 {
    5000 + company
}

/// The line of a service on a company's contract.
pub fn line(company: i32, service: i32) -> i32 {
    90_000 + 10 * company + (service - 700)
}

/// A partner: companies `c1`, `c2` …, each with a contract that has a line of 10 units for each of the two
/// products.
pub struct Partner {
    /// The partner's id.
    pub id: String,
    /// Its Kaseya.
    pub kaseya: Running,
    companies: i32,
    /// The id of the partner that the typed host, company name and user belong to.
    label: String,
}

impl Partner {
    /// A partner with this many companies, and its Kaseya running.
    pub(crate) async fn new(id: &str, companies: i32) -> Self {
        Self::under_label(id, id, companies).await
    }

    /// The same under another partner's host, company name and user.
    pub(crate) async fn under_label(id: &str, label: &str, companies: i32) -> Self {
        let user = user(label);
        let mut state = State::builder()
            .login(&user, CANARY, &tenant(label))
            .service(STANDARD, "Password Boss Standard", 3.5)
            .service(ADVANCED, "Password Boss Advanced", 5.0);
        for company in 1..=companies {
            state = state
                .account(300 + company, &format!("Azienda {company}"))
                .contract(contract(company), 300 + company, "Servizi gestiti")
                .line(line(company, STANDARD), STANDARD, UNITS)
                .line(line(company, ADVANCED), ADVANCED, UNITS);
        }
        let kaseya = Simulator::new(state.build(), Clock::following(crate::now))
            .start(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        Self { id: id.to_owned(), kaseya, companies, label: label.to_owned() }
    }

    /// The SQL statements that create the partner: on, with the run's brake wide open and everything mapped.
    pub(crate) fn settings(&self, keys: &KeyRing, mut fill: impl FnMut(&mut [u8])) -> String {
        let Self { id, companies, label, .. } = self;
        let (host, tenant, user) = (host(label), tenant(label), user(label));
        let base = self.kaseya.base_url();
        let v1 = format!("{base}/api");
        let (v2_base, v1_base) = (Some(base.as_str()), Some(v1.as_str()));
        let associated =
            Associated { partner: id, host: &host, v2_base, v1_base, tenant: &tenant, user: &user };
        let sealed = keys.seal(&associated, &SecretString::from(CANARY), &mut fill);
        let login = Login { host: &host, tenant: &tenant, user: &user };
        let marks = keys.marks(&login, &SecretString::from(CANARY)).join(",");
        let (sealed, now) = (sealed.as_str(), crate::now());
        let mut sql = format!(
            "insert into partners (partner_id, name, count_zone) values ('{id}', 'The MSP {id}', 'UTC');
             insert into integrations (partner_id, host, v2_base, v1_base, tenant, user_name, sealed_password,
                 password_marks, credentials_version, state, billing, invoice_day, month_end_run, freeze_hour, max_count_age_days,
                 brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies,
                 call_share_percent, saved_at)
             values ('{id}', '{host}', '{base}', '{base}/api', '{tenant}', '{user}', '{sealed}', '{{{marks}}}', 1, 'on', 'arrears', 10,
                 true, 12, 7, 5, 20, 25, 100, 100, 100, '{now}');
             insert into products values ('{id}', 'standard', 'Standard', null), ('{id}', 'advanced', 'Advanced', null);
             insert into product_mappings values ('{id}', 'standard', {STANDARD}, 'Password Boss Standard'),
                                                 ('{id}', 'advanced', {ADVANCED}, 'Password Boss Advanced');"
        );
        for company in 1..=*companies {
            // Writing to a String cannot fail.
            let _ = write!(
                sql,
                "insert into companies values ('{id}', 'c{company}', 'Azienda {company}', null);
                 insert into company_mappings values ('{id}', 'c{company}', {}, 'Azienda {company}', {},
                     'Servizi gestiti', 1, '2026-01-01T00:00Z');",
                300 + company,
                contract(company)
            );
        }
        sql
    }

    /// Its settings and a report in the format of the operator's file, with the run's brake wide open.
    pub fn settings_file(&self, standard: u32, advanced: u32) -> String {
        let Self { id, companies, label, .. } = self;
        let (host, tenant, user) = (host(label), tenant(label), user(label));
        let base = self.kaseya.base_url();
        let mut file = format!(
            "[partner]\nid = '{id}'\nname = 'The MSP {id}'\ncount_zone = 'UTC'\n\
             [integration]\nhost = '{host}'\nv2_base = '{base}'\nv1_base = '{base}/api'\nuser_name = '{user}'\n\
             password = '{CANARY}'\ncompany_name = '{tenant}'\nenabled = true\nbilling = 'arrears'\ninvoice_day = 10\n\
             [brakes]\nunits = 5\npercent = 20\nunits_alone = 25\nrun_percent = 100\nrun_companies = 100\n\
             [schedule]\nfrequency = 'daily'\nhour = 2\nzone = 'Europe/Rome'\n"
        );
        for (product, service, name) in
            [("standard", STANDARD, "Standard"), ("advanced", ADVANCED, "Advanced")]
        {
            // Writing to a String cannot fail.
            let _ = write!(
                file,
                "[[product]]\nid = '{product}'\nname = '{name}'\nservice_id = {service}\n\
                 service_name = 'Password Boss {name}'\n"
            );
        }
        for company in 1..=*companies {
            let (account, contract) = (300 + company, contract(company));
            let _ = write!(
                file,
                "[[company]]\nid = 'c{company}'\nname = 'Azienda {company}'\naccount_id = {account}\n\
                 account_name = 'Azienda {company}'\ncontract_id = {contract}\ncontract_name = 'Servizi gestiti'\n"
            );
        }
        let _ = write!(file, "[report]\nday = {}\nfinal = false\n", crate::now().strftime("%F"));
        for company in 1..=*companies {
            let counts = format!("{{ standard = {standard}, advanced = {advanced} }}");
            let _ = write!(file, "[[report.company]]\nid = 'c{company}'\ncounts = {counts}\n");
        }
        file
    }

    /// A `UserCountsReported` in which every company has these users.
    pub fn report(&self, report: &str, standard: u32, advanced: u32) -> Value {
        let counted_at = crate::now();
        let count = |product: &str, users: u32| json!({"productId": product, "users": users, "basis": "COUNT_BASIS_USERS"});
        let companies: Vec<Value> = (1..=self.companies)
            .map(|company| {
                let products = [count("standard", standard), count("advanced", advanced)];
                json!({"companyId": format!("c{company}"), "products": products})
            })
            .collect();
        json!({
            "partnerId": self.id, "reportId": report, "day": counted_at.strftime("%F").to_string(),
            "countedAt": counted_at.to_string(), "part": 1, "parts": 1, "final": false, "companies": companies,
        })
    }

    /// A `SyncRequested` for all companies.
    pub fn request(&self, request: &str) -> Value {
        self.request_of(request, &json!({"all": {}}))
    }

    /// A `SyncRequested` for these companies.
    pub fn request_of(&self, request: &str, companies: &Value) -> Value {
        json!({
            "requestId": request, "partnerId": self.id, "companies": companies, "mode": "SYNC_MODE_APPLY",
            "requestedBy": "Anna",
        })
    }

    /// The units of every company's lines, as `standard/advanced`, in the order of the companies.
    pub fn units(&self) -> Vec<String> {
        let state = self.kaseya.state();
        (1..=self.companies)
            .map(|company| {
                let lines = state.lines(contract(company)).expect("the contract is there");
                let units =
                    |service| lines.iter().find(|line| line.service == service).map(|line| line.units);
                format!(
                    "{}/{}",
                    units(STANDARD).expect("a line of Standard"),
                    units(ADVANCED).expect("a line of Advanced")
                )
            })
            .collect()
    }

    /// Every write that Kaseya has accepted, in order: `line from→to`.
    pub fn writes(&self) -> Vec<String> {
        let history = self.kaseya.history();
        history.iter().map(|write| format!("{} {}→{}", write.line, write.from, write.to)).collect()
    }

    /// The number of calls to an endpoint.
    pub fn calls(&self, endpoint: kaseya_simulator::Endpoint) -> u64 {
        self.kaseya.calls().get(&endpoint).copied().unwrap_or_default()
    }
}

fn host(id: &str) -> String {
    format!("{id}.kaseya.example")
}

fn tenant(id: &str) -> String {
    format!("{id} Srl")
}

fn user(id: &str) -> String {
    format!("sync@{id}.example")
}
