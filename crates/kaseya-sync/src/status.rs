//! `status PARTNER`: the state of its companies.

use std::collections::BTreeMap;

use advice::Language;
use domain::{CompanyId, CountBasis, Evidence, IntegrationState, NotReady, PartnerReadiness};
use jiff::Timestamp;
use operations::{
    AdviceDocument, Advising,
    read_models::{Run, Waiting, Waits},
};
use serde::Serialize;
use store::{
    StoreError, Transaction,
    holds::{self, HoldRow},
    jobs::waiting,
    kaseya::never_shown::{NeverShown, never_shown},
    settings::PartnerSettings,
    statuses::{self, CompanyStatus, RunRow, outcomes::ProductRow, readiness},
};

use crate::{
    advising,
    ended::Ended,
    installation::Installation,
    never_shown::{self, UnknownId},
    output::{self, instant},
    standing::Standing,
};

const RUNS: i64 = 5;

/// `--json`: the whole document.
#[derive(Serialize)]
struct Document<'a> {
    partner: &'a str,
    name: &'a str,
    /// on, switching_off, off, or not_set_up.
    integration: &'static str,
    /// The code with which Kaseya refused the credentials.
    credentials_refused: Option<&'static str>,
    #[serde(flatten)]
    standing: &'a Standing,
    /// What all user numbers count: users or licences.
    count_basis: &'static str,
    /// Null unless the integration is on.
    next_run_at: Option<Timestamp>,
    /// Number of companies with a correct next invoice.
    ready: u32,
    /// Why the next invoice of the others would be wrong, with the number of companies per reason.
    not_ready: BTreeMap<&'static str, u32>,
    open_holds: usize,
    /// Ids in mappings that Kaseya has never shown.
    not_yet_known: Vec<UnknownId<'a>>,
    runs: Vec<Run>,
    companies: Vec<Company<'a>>,
}

#[derive(Serialize)]
struct Company<'a> {
    company_id: &'a str,
    company: &'a str,
    account: Option<&'a str>,
    contract_id: Option<i32>,
    contract: Option<&'a str>,
    state: &'static str,
    /// Why its next invoice would be wrong.
    not_ready: Option<&'static str>,
    code: Option<&'static str>,
    remarks: Vec<String>,
    kaseya_says: Option<&'a str>,
    last_sync: Option<Timestamp>,
    evidence: Option<&'static str>,
    evidence_at: Option<Timestamp>,
    last_change: Option<Timestamp>,
    deferred_until: Option<Timestamp>,
    wait: Option<Waiting>,
    products: &'a [ProductRow],
    advice: Vec<AdviceDocument>,
}

pub(crate) async fn command(
    installation: &Installation,
    partner: &str,
    json: bool,
    language: Language,
) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let now = installation.clock.now();
    let seen = installation
        .store
        .transaction("read_status", |tx| {
            let settings = &settings;
            Box::pin(async move { Seen::read(tx, settings, now).await })
        })
        .await?;
    if json {
        let document = document(&settings, &seen, language);
        output::say(&serde_json::to_string_pretty(&document)?)?;
    } else {
        show(&settings, &seen, language)?;
    }
    Ok(Ended::InOrder)
}

/// What is shown of a partner.
struct Seen<'a> {
    companies: Vec<CompanyStatus>,
    ready: Ready,
    runs: Vec<RunRow>,
    waits: Waits,
    holds: Vec<HoldRow>,
    standing: Standing,
    advising: Advising<'a>,
    /// Ids that Kaseya has never shown.
    unknown: Vec<NeverShown>,
}

impl<'a> Seen<'a> {
    async fn read(
        tx: &Transaction<'_>,
        settings: &'a PartnerSettings,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let companies = statuses::companies(tx, settings, now).await?;
        let ready = readiness::partner(tx, &settings.partner, now).await?;
        Ok(Self {
            ready: Ready::of(settings, &companies, &ready),
            companies,
            runs: statuses::runs(tx, &settings.partner, 0, RUNS).await?,
            waits: waiting::runs(tx, &settings.partner, now).await?,
            holds: holds::standing_holds(tx, &settings.partner).await?,
            standing: Standing::read(tx, settings, now).await?,
            advising: Advising::read(tx, settings, now).await?,
            unknown: never_shown(tx, &settings.partner, None).await?,
        })
    }
}

/// The companies that are ready for their next invoice; the others with the reason.
struct Ready(BTreeMap<CompanyId, Option<NotReady>>);

impl Ready {
    fn of(settings: &PartnerSettings, companies: &[CompanyStatus], ready: &PartnerReadiness) -> Self {
        // A company's rows are adjacent: they are sorted by name and then by id.
        let together = companies.chunk_by(|one, other| one.company == other.company);
        let mapped = |id: &CompanyId| settings.companies.get(id).is_some_and(|known| known.mapping.is_some());
        let of_rows = |rows: &[CompanyStatus]| {
            let id = rows.first()?.company.clone();
            let reason = readiness::of_statuses(ready, mapped(&id), rows);
            Some((id, reason))
        };
        Self(together.filter_map(of_rows).collect())
    }

    fn ready(&self) -> u32 {
        u32::try_from(self.0.values().filter(|reason| reason.is_none()).count()).unwrap_or(u32::MAX)
    }

    fn not_ready(&self) -> BTreeMap<NotReady, u32> {
        let mut reasons = BTreeMap::new();
        for reason in self.0.values().flatten() {
            *reasons.entry(*reason).or_default() += 1;
        }
        reasons
    }
}

fn document<'a>(settings: &'a PartnerSettings, seen: &'a Seen<'a>, language: Language) -> Document<'a> {
    let Seen { companies, ready, runs, waits, holds, standing, advising, unknown } = seen;
    let integration = settings.integration.as_ref();
    Document {
        partner: settings.partner.as_str(),
        name: &settings.name,
        integration: integration.map_or("not_set_up", |integration| integration.state.as_str()),
        credentials_refused: integration
            .and_then(|integration| integration.credentials_refused)
            .map(|refused| refused.code.as_str()),
        standing,
        count_basis: settings.count_basis.as_str(),
        next_run_at: settings
            .schedule
            .as_ref()
            .filter(|_| is_on(settings))
            .map(|schedule| schedule.next_run_at),
        ready: ready.ready(),
        not_ready: ready
            .not_ready()
            .into_iter()
            .map(|(reason, companies)| (reason.as_str(), companies))
            .collect(),
        open_holds: open(holds),
        not_yet_known: unknown.iter().map(UnknownId::from).collect(),
        runs: runs.iter().map(|run| Run::of(run.clone(), waits)).collect(),
        companies: companies
            .iter()
            .map(|row| Company {
                company_id: row.company.as_str(),
                company: &row.name,
                account: row.account.as_ref().map(|(_, name)| name.as_str()),
                contract_id: row.contract.as_ref().map(|(contract, _)| contract.0),
                contract: row.contract.as_ref().map(|(_, name)| name.as_str()),
                state: row.state.as_str(),
                not_ready: ready.0.get(&row.company).copied().flatten().map(NotReady::as_str),
                code: row.code.map(domain::ErrorCode::as_str),
                remarks: advising.remarks(row, language),
                kaseya_says: row.kaseya_says.as_deref(),
                last_sync: row.last_sync,
                evidence: row.evidence.map(Evidence::kind),
                evidence_at: row.evidence.map(Evidence::at),
                last_change: row.last_change,
                deferred_until: row.deferred_until,
                wait: row.wait.map(Waiting::from),
                products: &row.products,
                advice: advising.documents(row, language),
            })
            .collect(),
    }
}

fn open(holds: &[HoldRow]) -> usize {
    holds.iter().filter(|hold| hold.state == "open").count()
}

/// Whether anything is synced automatically.
fn is_on(settings: &PartnerSettings) -> bool {
    settings.integration.as_ref().is_some_and(|known| known.state == IntegrationState::On)
}

fn show(settings: &PartnerSettings, seen: &Seen<'_>, language: Language) -> anyhow::Result<()> {
    let Seen { companies, ready, runs, waits, holds, standing, advising, unknown } = seen;
    let zone = settings.zone();
    let integration = settings.integration.as_ref();
    let state = match integration.map(|integration| integration.state) {
        None => "not set up",
        Some(IntegrationState::On) => "on",
        Some(IntegrationState::SwitchingOff) => "switching off",
        Some(IntegrationState::Off) => "off",
    };
    output::say(&format_args!("{} ({}): {state}", settings.name, settings.partner))?;
    if let Some(refused) = integration.and_then(|integration| integration.credentials_refused) {
        let at = instant(Some(refused.at), zone);
        output::say(&format_args!(
            "{}: Kaseya refused the credentials on {at}; nothing is sent until they are others",
            refused.code
        ))?;
    }
    standing.show(zone)?;
    output::say(&format_args!(
        "companies ready for their next invoice: {} of {}",
        ready.ready(),
        ready.0.len()
    ))?;
    for (reason, companies) in ready.not_ready() {
        output::say(&format_args!("not ready, {companies}: {}", advice::not_ready(reason, language)))?;
    }
    if let Some(schedule) = settings.schedule.as_ref().filter(|_| is_on(settings)) {
        let zone_name = zone.iana_name().unwrap_or("UTC");
        let next = instant(Some(schedule.next_run_at), zone);
        output::say(&format_args!("next scheduled run {next}; times are those of {zone_name}"))?;
    }
    let basis = match settings.count_basis {
        CountBasis::Users => "active users",
        CountBasis::Licences => "assigned licences",
    };
    output::say(&format_args!("numbers of users are of {basis}"))?;
    let columns =
        ["run", "by", "state", "started", "companies", "changed", "equal", "held", "failed", "skipped"];
    let mut table = output::table(&columns);
    for run in runs {
        let totals = run.totals;
        let by = run
            .requested_by
            .as_deref()
            .map_or_else(|| run.trigger.to_string().replace('_', " "), str::to_owned);
        let planned = if run.mode == domain::RunMode::Plan { " (plan)" } else { "" };
        table.add_row([
            run.number.to_string() + planned,
            by,
            run.state.as_str().replace('_', " "),
            instant(Some(run.started_at), zone),
            totals.companies.to_string(),
            totals.changed.to_string(),
            totals.unchanged.to_string(),
            totals.held.to_string(),
            totals.failed.to_string(),
            totals.skipped.to_string(),
        ]);
    }
    output::say(&table)?;
    for run in runs {
        if let Some(wait) = waits.get(&run.run) {
            output::say(&format_args!("run {}: {}", run.number, advising.wait(wait, language)))?;
        }
    }
    output::say(&company_table(companies, advising, language))?;
    show_waits(companies, advising, language)?;
    advising::show(advising, companies, language)?;
    never_shown::say(unknown)?;
    if open(holds) > 0 {
        output::say(&format_args!(
            "{} changes wait for a person: kaseya-sync holds {}",
            open(holds),
            settings.partner
        ))?;
    }
    Ok(())
}

/// Prints what rows wait for, each sentence once.
fn show_waits(
    companies: &[CompanyStatus],
    advising: &Advising<'_>,
    language: Language,
) -> anyhow::Result<()> {
    let mut waits: BTreeMap<String, usize> = BTreeMap::new();
    for wait in companies.iter().filter_map(|row| row.wait.as_ref()) {
        *waits.entry(advising.wait(wait, language)).or_default() += 1;
    }
    for (said, rows) in waits {
        output::say(&format_args!("companies and contracts that wait: {rows}. {said}"))?;
    }
    Ok(())
}

fn company_table(
    companies: &[CompanyStatus],
    advising: &Advising<'_>,
    language: Language,
) -> comfy_table::Table {
    let zone = advising.zone();
    let columns = ["company", "account", "contract", "state", "code", "last sync", "evidence", "last change"];
    let mut table = output::table(&columns);
    for row in companies {
        let account = row.account.as_ref().map_or_else(String::new, |(_, name)| name.clone());
        table.add_row([
            row.name.clone(),
            account,
            row.contract.as_ref().map_or_else(String::new, |(_, name)| name.clone()),
            advising.state(row, language),
            output::code(row.code).to_owned(),
            instant(row.last_sync, zone),
            row.evidence.map_or_else(String::new, |evidence| evidence.kind().replace('_', " ")),
            instant(row.last_change, zone),
        ]);
    }
    table
}
