//! The partners of the tests, and their Kaseya.

use domain::{CompanyId, CountBasis, FreezeCause, Month, PartnerId, ProductId, ReportId};
use jiff::{civil::Date, tz::TimeZone};
use kaseya_simulator::State;
use store::{
    Store, StoreError,
    counts::{
        billed_month::{self, Charge},
        month_ends::{self, FrozenCount},
        reports::{self, ReportHead, ReportedCompany, ReportedCount},
        senders::Sender,
    },
    settings,
};

use crate::installation::{Installation, now};

/// A partner that has synced, with something on every one of its pages.
pub const READY: &str = "brambilla";
/// A new partner: its companies are counted, and nothing is set up.
pub const NEWCOMER: &str = "aurora";
/// A partner with a saved connection, for which Password Boss has reported nothing.
pub const EMPTY: &str = "carpi";
/// The newcomer's login in Kaseya: user, password, company name.
pub const LOGIN: (&str, &str, &str) = ("password-boss-sync", "correct horse", "Aurora IT");

/// A company: id, name, account in Kaseya, units there, users here.
type Client = (&'static str, &'static str, i32, f64, u32);

const CLIENTS: [Client; 7] = [
    ("niccolo", "Panificio Niccolò & Figli", 301, 12.0, 14),
    ("ohara", "O'Hara Consulting", 302, 40.0, 40),
    ("bianchi", "Studio Legale Bianchi", 303, 31.0, 0),
    ("verdi", "Officina Verdi", 304, 8.0, 9),
    ("alpi", "Alpi Trasporti Internazionali S.p.A.", 305, 22.0, 23),
    ("mare", "Hotel Mare", 306, 5.0, 5),
    ("nuova", "Nuova Cliente Srl", 307, 0.0, 6),
];
/// The clients with a contract in Kaseya that the ready partner has mapped: all but the last.
const MAPPED: usize = CLIENTS.len() - 1;

/// A Kaseya with all clients. The contract of `verdi` has ended, and that of `alpi` has no line for the service.
pub fn kaseya() -> State {
    let (user, password, tenant) = LOGIN;
    let mut state = State::builder()
        .login(user, password, tenant)
        .service(701, "Password Boss Standard", 3.5)
        .service(702, "Password Boss Advanced", 5.0);
    for (number, (id, name, account, units, _)) in (0..).zip(CLIENTS) {
        state = state.account(account, name).contract(5001 + number, account, "Managed services");
        if id != "alpi" {
            state = state.line(90_001 + number, 701, units);
        }
    }
    let ended = |state: &mut State| {
        if let Some(contract) = state.contract_mut(5004) {
            contract.end = Some(Date::constant(2025, 12, 31));
        }
    };
    state.with(ended).build()
}

impl Installation {
    /// Creates the ready partner and completes its first sync.
    pub fn ready_partner(&self) -> anyhow::Result<()> {
        self.apply(&self.ready_settings())?;
        // The exit code says that something waits for a person.
        self.operator(&[3], &["sync-now", READY, "--wait"]).map(drop)
    }

    /// Creates the connected partner without companies and products.
    pub fn empty_partner(&self) -> anyhow::Result<()> {
        let (partner, connected) = (partner_settings(EMPTY, "Carpi Sistemi"), self.connected_settings());
        self.apply(&format!("{partner}{connected}"))
    }

    /// Gives the ready partner a last month: its frozen counts, and the charges of Password Boss, which differ for
    /// one client.
    pub async fn billed_month(&self) -> anyhow::Result<()> {
        let store = self.store().await?;
        Ok(store_billed_month(&store).await?)
    }

    fn connected_settings(&self) -> String {
        let ((user, password, tenant), base) = (LOGIN, self.kaseya.base_url());
        format!(
            "[integration]\nhost = 'bms.brambilla.example'\nv2_base = '{base}'\nv1_base = '{base}/api'\n\
             user_name = '{user}'\npassword = '{password}'\ncompany_name = '{tenant}'\nenabled = true\n\
             share_tenant = true\nbilling = 'arrears'\ninvoice_day = 5\nmonth_end_run = false\n\
             [schedule]\nfrequency = 'daily'\nhour = 2\nzone = 'Europe/Rome'\n"
        )
    }

    fn ready_settings(&self) -> String {
        let (partner, connected) =
            (partner_settings(READY, "Brambilla Informatica"), self.connected_settings());
        let today = now().to_zoned(TimeZone::UTC).date();
        let (mut companies, mut counts) = (String::new(), String::new());
        for (number, (id, name, account, _, users)) in (0..).zip(CLIENTS) {
            companies += &format!("[[company]]\nid = '{id}'\nname = \"{name}\"\n");
            if number < MAPPED {
                let contract = 5001 + number;
                companies += &format!("account_id = {account}\naccount_name = \"{name}\"\n");
                companies += &format!("contract_id = {contract}\ncontract_name = 'Managed services'\n");
            }
            counts += &format!("[[report.company]]\nid = '{id}'\ncounts = {{ standard = {users} }}\n");
        }
        format!(
            "{partner}{connected}\
             [[product]]\nid = 'standard'\nname = 'Standard'\nservice_id = 701\nservice_name = 'Password Boss Standard'\n\
             [[product]]\nid = 'advanced'\nname = 'Advanced'\n\
             {companies}[report]\nday = {today}\nfinal = false\n{counts}"
        )
    }

    /// Creates the newcomer: only the data that the provider sends about a partner exists.
    pub async fn newcomer(&self) -> anyhow::Result<()> {
        let store = self.store().await?;
        Ok(store_newcomer(&store).await?)
    }
}

fn partner_settings(id: &str, name: &str) -> String {
    format!("[partner]\nid = '{id}'\nname = '{name}'\ncount_zone = 'UTC'\n")
}

async fn store_billed_month(store: &Store) -> Result<(), StoreError> {
    let partner = &PartnerId::new(READY).expect("a plain word");
    let standard = ProductId::new("standard").expect("a plain word");
    let now = now();
    let month = Month::of(now.to_zoned(TimeZone::UTC).date()).previous();
    let (mut counts, mut charges) = (Vec::new(), Vec::new());
    for (id, _, _, _, users) in CLIENTS {
        let company = CompanyId::new(id).expect("a plain word");
        let count = FrozenCount { users: Some(users), day: month.last_day(), counted_at: now, report: None };
        counts.push((company.clone(), standard.clone(), count));
        let charged = if id == "niccolo" { users + 2 } else { users };
        charges.push(Charge { company, product: standard.clone(), users: charged });
    }
    let (counts, charges) = (&counts, &charges);
    store
        .transaction("store_billed_month", |tx| {
            Box::pin(async move {
                month_ends::freeze(tx, partner, month, FreezeCause::CutOff, counts, now).await?;
                billed_month::store_charges(tx, partner, month, charges, "Password Boss", now).await.map(drop)
            })
        })
        .await
}

async fn store_newcomer(store: &Store) -> Result<(), StoreError> {
    let partner = &PartnerId::new(NEWCOMER).expect("a plain word");
    let company = |id: &str| CompanyId::new(id).expect("a plain word");
    let now = now();
    let report = ReportId::new("first").expect("a plain word");
    let day = now.to_zoned(TimeZone::UTC).date();
    let head = ReportHead {
        report: report.clone(),
        day,
        counted_at: now,
        is_final: false,
        parts: 1,
        from_file: false,
    };
    let companies: Vec<_> = CLIENTS
        .iter()
        .map(|(id, name, ..)| ReportedCompany { company: company(id), name: Some((*name).to_owned()) })
        .collect();
    let counts: Vec<_> = CLIENTS
        .iter()
        .flat_map(|(id, _, _, _, users)| {
            [("standard", "Standard", *users), ("advanced", "Advanced", 0)].map(|(product, name, users)| {
                ReportedCount {
                    company: company(id),
                    product: ProductId::new(product).expect("a plain word"),
                    product_name: Some(name.to_owned()),
                    users: Some((users, CountBasis::Users)),
                }
            })
        })
        .collect();
    let (head, report, companies, counts) = (&head, &report, &companies, &counts);
    store
        .transaction("store_newcomer", |tx| {
            Box::pin(async move {
                settings::store_partner(tx, partner, "Aurora IT", "UTC").await?;
                reports::note_part(
                    tx,
                    partner,
                    head,
                    (1, ""),
                    &Sender::Token("Password Boss".to_owned()),
                    now,
                )
                .await?;
                reports::add_companies(tx, partner, report, companies).await?;
                reports::add_counts(tx, partner, report, counts).await?;
                reports::complete(tx, partner, report, now).await.map(drop)
            })
        })
        .await
}
