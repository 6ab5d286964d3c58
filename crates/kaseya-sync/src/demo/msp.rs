//! The MSP of the demo: its settings, its contracts in Kaseya, and the provider's counts.
//!
//! 40 companies, 3 products, two or more contracts per account. Most companies have changed a little since the last
//! write to Kaseya; there is one company for each special case.

use std::collections::BTreeMap;

use domain::{
    AccountId, Billing, CompanyId, ContractId, CountBasis, Credentials, Frequency, IntegrationSettings,
    InvoiceDay, PartnerId, ProductId, RunBrake, Schedule, ServiceId,
};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use kaseya_simulator::State;
use messages::v1;
use operations::{connection_settings::NewConnection, settings_file::SettingsFile};
use secrecy::SecretString;
use store::settings::{NewCompany, NewCompanyMapping, NewProduct};

/// Its time zone.
pub(super) const ZONE: &str = "Europe/Rome";
pub(super) const USER: &str = "password-boss-sync";
const PASSWORD: &str = "demo: nothing real is behind this";
const TENANT: &str = "Ponte Servizi IT";

const STANDARD: i32 = 701;
const ADVANCED: i32 = 702;
const BACKUP: i32 = 703;

/// The special case a company stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// None.
    Plain,
    /// Its Advanced users have a contract of their own.
    OwnContract,
    /// Its contract has ended.
    Ended,
    /// Its contract lacks the service.
    ServiceMissing,
    /// Its contract has the service twice.
    Twice,
    /// It has no mapping.
    Unmapped,
    /// It uses the product without a service.
    UnmappedProduct,
    /// Its users could not be counted.
    CountMissing,
    /// It shares a contract with the next company.
    SharesFirst,
    /// It shares the contract of the previous company.
    SharesSecond,
    /// It has no users of the product any more.
    FallToZero,
}

/// The companies, each with the name of its account in Kaseya.
const COMPANIES: [(&str, Kind); 40] = [
    ("Panificio Niccolò & Figli S.n.c.", Kind::Plain),
    ("L'Oréade Conseil", Kind::Plain),
    ("O'Hara & Sons Ltd", Kind::OwnContract),
    ("Caffè dell'Università", Kind::Plain),
    ("Société Générale de Menuiserie Française et d'Ébénisterie d'Art", Kind::Plain),
    ("Studio Legale D'Ambrosio", Kind::Ended),
    ("St. Mary's Veterinary Clinic", Kind::Plain),
    ("Trattoria Da Zì Peppì", Kind::Plain),
    ("Crêperie Bretonne Le Goëland", Kind::ServiceMissing),
    ("Officina Meccanica Sant'Elpidio", Kind::Plain),
    ("Harrington, Blythe & Associates Chartered Accountants", Kind::OwnContract),
    ("Città Verde Cooperativa Sociale", Kind::Plain),
    ("Garage de l'Étoile", Kind::Twice),
    ("Farmacia Dott.ssa Perù", Kind::Plain),
    ("Pembroke's Fine Teas", Kind::Plain),
    ("Agriturismo La Corte degli Ulivi e del Più Antico Frantoio dell'Alta Maremma", Kind::Plain),
    ("Boulangerie-Pâtisserie Aux Délices de Noël", Kind::Unmapped),
    ("Kingsley Road Primary School", Kind::Plain),
    ("Gioielleria Fratelli D'Amico", Kind::UnmappedProduct),
    ("Cabinet d'Avocats Lefèvre-Besançon", Kind::Plain),
    ("McAllister Engineering", Kind::OwnContract),
    ("Libreria L'Età dell'Oro", Kind::CountMissing),
    ("Fromagerie du Vieux Moûtier", Kind::Plain),
    ("Whitby & Scarborough Estate Agents (North Office)", Kind::SharesFirst),
    ("Whitby & Scarborough Estate Agents (South Office)", Kind::SharesSecond),
    ("Autoscuola Velocità", Kind::Plain),
    ("Pharmacie Saint-André", Kind::Plain),
    ("Edilizia Sant'Agostino S.r.l.", Kind::FallToZero),
    ("Théâtre de l'Hôtel-Dieu", Kind::Plain),
    ("The Baker's Dozen", Kind::Plain),
    ("Ottica Lumière", Kind::Plain),
    ("Consorzio Agrario dell'Appennino Tosco-Emiliano e delle Comunità Montane", Kind::Plain),
    ("Maître Horloger Bézu", Kind::OwnContract),
    ("Falegnameria Però", Kind::Plain),
    ("Dunmore Castle Hotel", Kind::Plain),
    ("Clinique Vétérinaire des Acacias", Kind::Plain),
    ("Pasticceria Bontà", Kind::Plain),
    ("Châteauneuf Immobilier", Kind::Plain),
    ("Thornton's Hardware", Kind::Plain),
    ("Idraulica Nicolò Cantù", Kind::Plain),
];

/// A company with its numbers.
struct Member {
    n: i32,
    name: &'static str,
    kind: Kind,
}

impl Member {
    fn id(&self) -> CompanyId {
        CompanyId::new(format!("company-{:02}", self.n)).expect("a word and a number are an id")
    }

    /// The company that owns its account and contract: itself, except for the second of two that share.
    fn host(&self) -> i32 {
        if self.kind == Kind::SharesSecond { self.n - 1 } else { self.n }
    }

    fn account(&self) -> i32 {
        300 + self.host()
    }

    fn contract(&self) -> i32 {
        5000 + 10 * self.host()
    }

    /// Standard users in Kaseya.
    fn standard_before(&self) -> i32 {
        6 + self.n * 7 % 41
    }

    /// Standard users now: some more, some fewer, some the same; never enough of a change for a brake.
    fn standard(&self) -> i32 {
        match self.kind {
            Kind::FallToZero => 0,
            _ => self.standard_before() + self.n * 5 % 8 - 3,
        }
    }

    fn has_advanced(&self) -> bool {
        self.n % 3 == 0 && matches!(self.kind, Kind::Plain) || self.kind == Kind::OwnContract
    }

    fn advanced_before(&self) -> i32 {
        4 + self.n % 5
    }

    fn advanced(&self) -> i32 {
        self.advanced_before() + self.n % 4 - 1
    }
}

fn members() -> impl Iterator<Item = Member> {
    (1..).zip(COMPANIES).map(|(n, (name, kind))| Member { n, name, kind })
}

pub(super) fn partner() -> PartnerId {
    PartnerId::new("demo").expect("a word is an id")
}

fn product(id: &str) -> ProductId {
    ProductId::new(id).expect("a word is an id")
}

/// The MSP's settings; Kaseya is at `base`.
pub(super) fn settings(base: &str) -> SettingsFile {
    let mapped = |id: &str, name: &str, service| NewProduct {
        product: product(id),
        name: name.to_owned(),
        service: Some((ServiceId(service), name.to_owned())),
    };
    SettingsFile {
        partner: partner(),
        name: TENANT.to_owned(),
        count_zone: ZONE.to_owned(),
        count_basis: Some(CountBasis::Users),
        integration: NewConnection {
            credentials: Credentials {
                host: "bms.ponte-servizi.example".to_owned(),
                v2_base: Some(base.to_owned()),
                v1_base: Some(format!("{base}/api")),
                tenant: TENANT.to_owned(),
                user_name: USER.to_owned(),
                password: SecretString::from(PASSWORD),
            },
            share_tenant: false,
            // Off until today's counts are in: a day that came due while a kept demo was stopped must not be synced
            // with old counts.
            enabled: false,
            settings: IntegrationSettings {
                // The window in which only a frozen count is sent is short, and the month-end run is left to the
                // schedule: on any day, a start makes one scheduled sync and one requested sync.
                month_end_run: false,
                // Most companies change in the first run: that is its purpose.
                run_brake: RunBrake { percent: 100, companies: 1000 },
                ..IntegrationSettings::new(Billing::Arrears, InvoiceDay::FIRST)
            },
        },
        schedule: Schedule::new(Frequency::Daily, 2, ZONE).expect("two o'clock in Rome is a schedule"),
        products: vec![
            mapped("standard", "Password Boss Standard", STANDARD),
            mapped("advanced", "Password Boss Advanced", ADVANCED),
            NewProduct { product: product("trial"), name: "Password Boss Trial".to_owned(), service: None },
        ],
        companies: members().map(|member| company(&member)).collect(),
        contract_billing: BTreeMap::new(),
        report: None,
    }
}

fn company(member: &Member) -> NewCompany {
    let own = (member.kind == Kind::OwnContract)
        .then(|| (product("advanced"), (ContractId(member.contract() + 2), SECURITY.to_owned())));
    let mapping = NewCompanyMapping {
        account: AccountId(member.account()),
        account_name: account_name(member.host()),
        contract: ContractId(member.contract()),
        contract_name: MANAGED.to_owned(),
        product_contracts: own.into_iter().collect(),
    };
    NewCompany {
        company: member.id(),
        name: member.name.to_owned(),
        closed_from: None,
        mapping: (member.kind != Kind::Unmapped).then_some(mapping),
        billing_rules: BTreeMap::new(),
    }
}

const MANAGED: &str = "Managed services";
const RENTAL: &str = "Hardware rental and backup";
const SECURITY: &str = "Security services";

/// The account of two offices has the name of neither.
fn account_name(n: i32) -> String {
    let member = members().find(|member| member.n == n);
    let name = member.map_or("", |member| member.name);
    name.split(" (").next().unwrap_or(name).to_owned()
}

/// What Kaseya holds before the first sync.
pub(super) fn kaseya(now: Timestamp) -> State {
    let today = TimeZone::UTC.to_datetime(now).date();
    let mut builder = State::builder()
        .login(USER, PASSWORD, TENANT)
        .service(STANDARD, "Password Boss Standard", 3.5)
        .service(ADVANCED, "Password Boss Advanced", 5.9)
        .service(BACKUP, "Backup, per device", 8.0);
    for member in members().filter(|member| member.kind != Kind::SharesSecond) {
        let (account, contract) = (member.account(), member.contract());
        let line = contract * 10;
        // On a shared contract, the users of both.
        let sharing = members().filter(|other| other.host() == member.n);
        let standard: i32 = sharing.map(|other| other.standard_before()).sum();
        builder = builder.account(account, &account_name(member.n)).contract(contract, account, MANAGED);
        if member.kind != Kind::ServiceMissing {
            builder = builder.line(line, STANDARD, f64::from(standard));
        }
        if member.kind == Kind::Twice {
            builder = builder.line(line + 1, STANDARD, 2.0);
        }
        if member.has_advanced() && member.kind != Kind::OwnContract {
            builder = builder.line(line + 2, ADVANCED, f64::from(member.advanced_before()));
        }
        builder = builder.contract(contract + 1, account, RENTAL).line(
            line + 3,
            BACKUP,
            f64::from(member.n % 7 + 1),
        );
        if member.kind == Kind::OwnContract {
            let advanced = f64::from(member.advanced_before());
            builder = builder.contract(contract + 2, account, SECURITY).line(line + 4, ADVANCED, advanced);
        }
        if member.kind == Kind::Ended {
            builder = builder.with(|state| {
                if let Some(ended) = state.contract_mut(contract) {
                    ended.end = Some(today.saturating_sub(90.days()));
                }
            });
        }
    }
    builder.with(|state| state.time_zone = ZONE.to_owned()).build()
}

/// The provider's counts, company by company.
pub(super) fn counts() -> Vec<v1::CompanyCounts> {
    members()
        .map(|member| {
            let mut products = Vec::new();
            if member.kind != Kind::FallToZero {
                let standard = (member.kind != Kind::CountMissing).then(|| member.standard());
                products.push(count("standard", standard));
            }
            if member.has_advanced() {
                products.push(count("advanced", Some(member.advanced())));
            }
            if member.kind == Kind::UnmappedProduct {
                products.push(count("trial", Some(4)));
            }
            v1::CompanyCounts {
                company_id: member.id().to_string(),
                company_name: Some(member.name.to_owned()),
                products,
            }
        })
        .collect()
}

fn count(product: &str, users: Option<i32>) -> v1::ProductCount {
    let basis = if users.is_some() { v1::CountBasis::Users } else { v1::CountBasis::Unspecified };
    v1::ProductCount {
        product_id: product.to_owned(),
        product_name: None,
        users: users.and_then(|users| u32::try_from(users).ok()),
        basis: basis.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::Brakes;

    use super::*;

    #[test]
    fn it_has_40_companies_of_every_kind_under_names_of_their_own() {
        let names: BTreeSet<&str> = members().map(|member| member.name).collect();
        assert_eq!(names.len(), 40);
        for kind in [
            Kind::Plain,
            Kind::OwnContract,
            Kind::Ended,
            Kind::ServiceMissing,
            Kind::Twice,
            Kind::Unmapped,
            Kind::UnmappedProduct,
            Kind::CountMissing,
            Kind::SharesFirst,
            Kind::SharesSecond,
            Kind::FallToZero,
        ] {
            assert!(members().any(|member| member.kind == kind));
        }
        let shares = |kind| members().find(|member| member.kind == kind).map(|member| member.contract());
        assert_eq!(shares(Kind::SharesFirst), shares(Kind::SharesSecond));
    }

    #[test]
    fn only_the_fall_to_zero_meets_a_brake() {
        let brakes = Brakes::default();
        for member in members() {
            let [before, now] = [member.standard_before(), member.standard()].map(f64::from);
            let held = brakes.check(before, now as u32).is_some();
            assert_eq!(held, member.kind == Kind::FallToZero, "{}", member.name);
            assert!(brakes.check(f64::from(member.advanced_before()), member.advanced() as u32).is_none());
        }
        let sharing =
            members().filter(|member| matches!(member.kind, Kind::SharesFirst | Kind::SharesSecond));
        let (before, now) = sharing.fold((0, 0), |(before, now), member| {
            (before + member.standard_before(), now + member.standard())
        });
        assert!(before != now && brakes.check(f64::from(before), now as u32).is_none());
    }
}
