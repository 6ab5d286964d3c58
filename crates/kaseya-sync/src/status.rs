//! `status PARTNER`: the state of its companies.

use std::collections::BTreeMap;

use advice::Language;
use domain::{CountBasis, IntegrationState};
use jiff::Timestamp;
use operations::{
    Advising, CompanyStatuses,
    read_models::{NotReadyCompanies, NotYetKnown, Refused, Run, StatusRow, Waits, state_word},
};
use serde::Serialize;
use store::{
    StoreError, Transaction,
    holds::{self, HoldRow},
    jobs::waiting,
    kaseya::never_shown::{NeverShown, never_shown},
    settings::PartnerSettings,
    statuses::{self, CompanyStatus, RunRow},
};

use crate::{
    advising,
    ended::Ended,
    installation::Installation,
    never_shown,
    output::{self, instant},
    status_head::Standing,
};

const RUNS: i64 = 5;

/// `--json`: the whole document.
#[derive(Serialize)]
struct Document<'a> {
    partner: &'a str,
    name: &'a str,
    /// on, switching_off, off, or not_set_up.
    integration: &'static str,
    /// Set while Kaseya refuses the credentials.
    credentials_refused: Option<Refused>,
    #[serde(flatten)]
    standing: &'a Standing,
    /// What all user numbers count: users or licences.
    count_basis: &'static str,
    /// Null unless the integration is on.
    next_run_at: Option<Timestamp>,
    /// Number of companies with a correct next invoice.
    ready: u32,
    /// Why the next invoice of the others would be wrong, with the number of companies per reason.
    not_ready: Vec<NotReadyCompanies>,
    open_holds: usize,
    /// Ids in mappings that Kaseya has never shown.
    not_yet_known: NotYetKnown,
    runs: Vec<Run>,
    /// A row per company and contract.
    companies: Vec<StatusRow>,
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
    companies: CompanyStatuses,
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
        Ok(Self {
            companies: CompanyStatuses::read(tx, settings, now).await?,
            runs: statuses::runs(tx, &settings.partner, 0, RUNS).await?,
            waits: waiting::runs(tx, &settings.partner, now).await?,
            holds: holds::standing_holds(tx, &settings.partner).await?,
            standing: Standing::read(tx, settings, now).await?,
            advising: Advising::read(tx, settings, now).await?,
            unknown: never_shown(tx, &settings.partner, None).await?,
        })
    }
}

fn document<'a>(settings: &'a PartnerSettings, seen: &'a Seen<'a>, language: Language) -> Document<'a> {
    let Seen { companies, runs, waits, holds, standing, advising, unknown } = seen;
    let integration = settings.integration.as_ref();
    Document {
        partner: settings.partner.as_str(),
        name: &settings.name,
        integration: state_word(integration.map(|integration| integration.state)),
        credentials_refused: integration
            .and_then(|integration| integration.credentials_refused)
            .map(Refused::from),
        standing,
        count_basis: settings.count_basis.as_str(),
        next_run_at: settings
            .schedule
            .as_ref()
            .filter(|_| is_on(settings))
            .map(|schedule| schedule.next_run_at),
        ready: companies.ready(),
        not_ready: NotReadyCompanies::of(&companies.not_ready()),
        open_holds: open(holds),
        not_yet_known: NotYetKnown::of(unknown.clone()),
        runs: runs.iter().map(|run| Run::of(run.clone(), waits)).collect(),
        companies: companies.documents(advising, language),
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
    let Seen { companies, runs, waits, holds, standing, advising, unknown } = seen;
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
        companies.ready(),
        companies.companies()
    ))?;
    for (reason, companies) in companies.not_ready() {
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
    output::say(&company_table(&companies.rows, advising, language))?;
    show_waits(&companies.rows, advising, language)?;
    advising::show(advising, &companies.rows, language)?;
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
