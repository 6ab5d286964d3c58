//! A partner's settings from a file, stored: all of them or none.
//!
//! The file is read, checked and stored in one transaction that locks the partner, so the check and the store see
//! the same state. A second `apply` is an update:
//!
//! - Companies and products that the file does not list stay as they are. A listed company without a mapping loses
//!   the one it had. The lines in Kaseya stay: a person decides about each line that is no longer mapped (D-13).
//! - A company's mapping gets a new version only if account, contracts or billing rules differ: a job that has read
//!   the old version then no longer writes it.
//! - The credentials get a new version only if host, tenant, user or password differ (the stored password is opened
//!   to compare): a refusal of the old ones is then forgotten. If the stored credentials are not refused, new ones
//!   are tried first, and if they do not work nothing of the file is stored.
//! - A different schedule replaces the old one by `domain`'s rule: no night is lost or doubled.
//! - `enabled` is the new position of the switch. After switching off the state is *switching off* until no permit
//!   is out.

use std::{collections::BTreeMap, time::Duration};

use connection::OpenCredentials;
use domain::{CompanyId, Entropy, IntegrationState, PartnerId, ReportId};
use jiff::Timestamp;
use kaseya::AllowedHosts;
use store::{
    Store, StoreError, Transaction,
    counts::{
        reports::{self, PartStanding, ReportHead, ReportedCompany, ReportedCount},
        senders::Sender,
    },
    kaseya::names,
    settings::{self, NewCompany, PartnerSettings, billing_rules},
};
use vault::KeyRing;

use crate::{
    company_mapping,
    connection_settings::Trial,
    credentials::Sealing,
    leftovers::{self, Leftover},
    not_saved::NotSaved,
    schedule,
    settings_file::{self, Mistake, Mistakes, PasswordFile, ReportSettings, SettingsFile, Surroundings},
    switch,
};

/// Why nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The document is invalid: all its mistakes.
    #[error("{0}")]
    Mistakes(Mistakes),
    /// It is valid, and still not stored.
    #[error(transparent)]
    NotSaved(#[from] NotSaved),
}

impl From<StoreError> for ApplyError {
    fn from(error: StoreError) -> Self {
        Self::NotSaved(error.into())
    }
}

/// What is needed to store settings.
#[derive(Clone, Copy)]
pub struct Storing<'a> {
    /// The keys that seal the password.
    pub keys: &'a KeyRing,
    /// The source of random ids and nonces.
    pub entropy: &'a Entropy,
    /// The period over which the scheduler spreads partners due at the same hour.
    pub spread: Duration,
    /// The current time.
    pub now: Timestamp,
}

/// What [`apply`] needs.
#[derive(Clone, Copy)]
pub struct Applying<'a> {
    /// Stores the settings.
    pub storing: Storing<'a>,
    /// Whether credentials that differ from the stored ones are tried first.
    pub trial: Trial<'a>,
    /// The hosts that custom API addresses may use.
    pub allowed_hosts: &'a AllowedHosts,
}

/// What was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The partner.
    pub partner: PartnerId,
    /// Number of companies listed, and how many of them are mapped.
    pub companies: (usize, usize),
    /// Number of companies with a different mapping before, or none.
    pub moved: usize,
    /// Contracts of companies that lost their mapping: their lines stay as they are in Kaseya.
    pub left: Vec<String>,
    /// Lines that were ours and are no longer mapped: each waits for a person (D-13).
    pub leftovers: Vec<Leftover>,
    /// Names of all companies.
    pub names: BTreeMap<CompanyId, String>,
    /// Whether the credentials differ from before.
    pub new_credentials: bool,
    /// When the next scheduled run is due.
    pub next_run_at: Timestamp,
    /// The position of the switch.
    pub state: IntegrationState,
    /// The report, if there was one.
    pub report: Option<ReportId>,
}

/// Reads, checks and stores a document.
pub async fn apply(
    store: &Store,
    text: &str,
    password_file: PasswordFile<'_>,
    applying: Applying<'_>,
) -> Result<Applied, ApplyError> {
    let mut is_proven = matches!(applying.trial, Trial::Without);
    loop {
        match read_and_store(store, text, password_file, applying, is_proven).await? {
            Step::Stored(applied) => return Ok(applied),
            Step::Try(partner, credentials) => {
                applying.trial.prove(&partner, &credentials).await?;
                is_proven = true;
            }
        }
    }
}

enum Step {
    Stored(Applied),
    Try(PartnerId, Box<OpenCredentials>),
}

async fn read_and_store(
    store: &Store,
    text: &str,
    password_file: PasswordFile<'_>,
    applying: Applying<'_>,
    is_proven: bool,
) -> Result<Step, ApplyError> {
    store
        .transaction("apply_settings", |tx| {
            Box::pin(async move {
                let stored = match settings_file::partner_of(text) {
                    Some(partner) => {
                        settings::hold(tx, &partner).await?;
                        settings::read(tx, &partner).await?
                    }
                    None => None,
                };
                let in_force = stored.as_ref().and_then(|stored| stored.integration.as_ref());
                let around = Surroundings {
                    password_file,
                    now: applying.storing.now,
                    stored: stored.as_ref(),
                    names: None,
                    allowed_hosts: applying.allowed_hosts,
                };
                let unnamed = settings_file::read(text, around);
                // The names of another host or tenant say nothing about this one's ids (A19).
                let elsewhere = unnamed.as_ref().is_ok_and(|file| {
                    let new = &file.integration.credentials;
                    in_force.is_none_or(|known| !new.has_same_place(&known.credentials))
                });
                let file = match &stored {
                    Some(stored) if !elsewhere => {
                        let names = names::all(tx, &stored.partner).await?;
                        settings_file::read(text, Surroundings { names: Some(&names), ..around })
                    }
                    Some(_) | None => unnamed,
                };
                let file = file.map_err(ApplyError::Mistakes)?;
                let new = &file.integration;
                if !is_proven && new.is_tried_first(in_force, applying.storing.keys) {
                    return Ok(Step::Try(file.partner, Box::new(new.credentials.clone())));
                }
                match store_file(tx, &file, stored.as_ref(), applying.storing).await {
                    Ok(applied) => Ok(Step::Stored(applied)),
                    Err(NotSaved::SharedTenant) => {
                        Err(ApplyError::Mistakes(Mistakes(vec![shared_tenant(text)])))
                    }
                    Err(error) => Err(error.into()),
                }
            })
        })
        .await
}

/// The question whether to use a tenant that this installation already uses.
fn shared_tenant(text: &str) -> Mistake {
    let line = text.lines().position(|line| line.trim_start().starts_with("company_name"));
    Mistake {
        line: line.map_or(1, |line| line + 1),
        field: "integration.share_tenant".to_owned(),
        fault: "this installation already uses this company name in Kaseya: use it here too?".to_owned(),
        fix: "if so, write share_tenant = true; two integrations must not write the same line".to_owned(),
    }
}

/// Stores checked settings. Tries no credentials: the caller has tried them, or they need no trial. The caller holds
/// the partner's lock.
pub async fn store_file(
    tx: &Transaction<'_>,
    file: &SettingsFile,
    stored: Option<&PartnerSettings>,
    storing: Storing<'_>,
) -> Result<Applied, NotSaved> {
    let (partner, new) = (&file.partner, &file.integration);
    let in_force = stored.and_then(|stored| stored.integration.as_ref());
    let sealing = Sealing { keys: storing.keys, entropy: storing.entropy, now: storing.now };
    let sealed = new.seal(tx, partner, in_force, sealing).await?;
    settings::store_partner(tx, partner, &file.name, &file.count_zone).await?;
    if let Some(basis) = file.count_basis {
        settings::store_count_basis(tx, partner, basis).await?;
    }
    settings::store_integration(tx, partner, &sealed.integration, storing.now).await?;
    settings::store_products(tx, partner, &file.products).await?;
    let (moved, left) = store_companies(tx, partner, &file.companies, stored, storing.now).await?;
    settings::store_contract_billing(tx, partner, &file.contract_billing).await?;
    let before = stored.and_then(|stored| stored.schedule.as_ref());
    let next_run_at = schedule::store(tx, partner, &file.schedule, before, storing.spread, storing.now)
        .await?
        .ok_or(NotSaved::NeverDue)?;
    let report = match &file.report {
        Some(report) => Some(store_report(tx, partner, report, storing).await?),
        None => None,
    };
    let leftovers = leftovers::ask(tx, partner, storing.entropy, storing.now).await?;
    let state = switch::turn(tx, partner, new.enabled, storing.now).await?;
    let mapped = file.companies.iter().filter(|company| company.mapping.is_some()).count();
    Ok(Applied {
        partner: partner.clone(),
        companies: (file.companies.len(), mapped),
        moved,
        left,
        leftovers,
        names: names(file, stored),
        new_credentials: sealed.new_credentials,
        next_run_at,
        state,
        report,
    })
}

fn names(file: &SettingsFile, stored: Option<&PartnerSettings>) -> BTreeMap<CompanyId, String> {
    let stored = stored.into_iter().flat_map(|stored| &stored.companies);
    let listed = file.companies.iter().map(|company| (company.company.clone(), company.name.clone()));
    stored.map(|(id, company)| (id.clone(), company.name.clone())).chain(listed).collect()
}

/// The number of companies with a different mapping than before, and those that lost theirs.
async fn store_companies(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    companies: &[NewCompany],
    stored: Option<&PartnerSettings>,
    now: Timestamp,
) -> Result<(usize, Vec<String>), StoreError> {
    let (mut moved, mut left) = (0, Vec::new());
    let no_rules = BTreeMap::new();
    for company in companies {
        settings::store_company(tx, partner, company).await?;
        let before = stored.and_then(|stored| stored.companies.get(&company.company));
        let rules = before.map_or(&no_rules, |before| &before.billing_rules);
        billing_rules::store(tx, partner, &company.company, rules, &company.billing_rules).await?;
        let before = before.and_then(|before| before.mapping.as_ref());
        match &company.mapping {
            Some(mapping) => {
                let has_moved =
                    company_mapping::store(tx, partner, &company.company, mapping, before, now).await?;
                moved += usize::from(has_moved);
            }
            None => {
                if let Some(before) = before {
                    settings::remove_mapping(tx, partner, &company.company).await?;
                    left.push(format!("{} (contract {})", company.name, before.contract.id));
                }
            }
        }
    }
    Ok((moved, left))
}

/// Stores a complete report. It always has a new id: of two equally old reports the one applied later counts.
async fn store_report(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    report: &ReportSettings,
    storing: Storing<'_>,
) -> Result<ReportId, StoreError> {
    let now = storing.now;
    let id = ReportId::new(format!("applied-{}", storing.entropy.uuid(now)))
        .expect("a word and a UUID are short and plain");
    let head = ReportHead {
        report: id.clone(),
        day: report.day,
        counted_at: report.counted_at,
        is_final: report.is_final,
        parts: 1,
        from_file: true,
    };
    match reports::note_part(tx, partner, &head, (1, ""), &Sender::File, now).await? {
        PartStanding::New => {}
        PartStanding::Repeated
        | PartStanding::UnknownPartner
        | PartStanding::OtherHead
        | PartStanding::OtherContent => {
            return Err(StoreError::Misuse {
                reason: "the partner or its report is not as just stored".to_owned(),
            });
        }
    }
    let companies: Vec<ReportedCompany> = report
        .companies
        .keys()
        .map(|company| ReportedCompany { company: company.clone(), name: None })
        .collect();
    reports::add_companies(tx, partner, &id, &companies).await?;
    let counts: Vec<ReportedCount> = report
        .companies
        .iter()
        .flat_map(|(company, counts)| {
            counts.iter().map(|(product, users)| ReportedCount {
                company: company.clone(),
                product: product.clone(),
                product_name: None,
                users: users.map(|users| (users, report.basis)),
            })
        })
        .collect();
    reports::add_counts(tx, partner, &id, &counts).await?;
    reports::complete(tx, partner, &id, now).await?;
    Ok(id)
}
