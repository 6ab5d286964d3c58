//! `sync-now PARTNER`: requests a sync, and shows the result.

use std::time::Duration;

use anyhow::Context as _;
use domain::{CompanyId, PartnerId, RequestId, RunId, RunState};
use operations::{
    Operations,
    sync_requests::{ANSWER_TIMEOUT, NotAsked, SyncOrder},
};
use store::{
    jobs::{requests::Answer, waiting},
    settings::PartnerSettings,
    statuses::{self, RunCompany, RunRow},
};

use crate::{command_line::SyncNow, ended::Ended, installation::Installation, output};

/// Timeout of a response; it does not depend on Kaseya.
const ANSWER: Duration = Duration::from_secs(60);
/// How often to read the tables if no notification arrives.
const POLL: Duration = Duration::from_millis(500);
/// The channel on which Postgres notifies of changes to the ledger.
const LEDGER: &str = "ledger";

pub(crate) async fn command(installation: &Installation, order: SyncNow) -> anyhow::Result<Ended> {
    let settings = installation.partner(&order.partner).await?;
    let companies: Vec<CompanyId> =
        order.company.iter().map(|company| CompanyId::new(company.as_str())).collect::<Result<_, _>>()?;
    let operations = installation.operations(installation.bus()?)?;
    let asked = SyncOrder { companies: &companies, plan: order.plan, by: &order.by };
    let request = operations.request_sync(&settings.partner, asked).await.map_err(|error| match error {
        NotAsked::TooManyCompanies { .. } => anyhow::anyhow!("--company: {error}"),
        other => other.into(),
    })?;
    if !order.wait {
        output::say(&format_args!("asked as request {request}; `--wait` shows what comes of it"))?;
        return at_once(installation, &operations, &settings, &request).await;
    }
    let (run, follow_up) = match answer(&operations, &settings.partner, &request).await? {
        Answer::Refused { code, reason } => {
            output::complain(&format_args!("refused, {code}: {reason}"));
            return Ok(Ended::Refused);
        }
        Answer::Accepted { run } => (run, None),
        Answer::Joined { run, follow_up, code, reason } => {
            output::tell(&format_args!("{code}: {reason}"));
            (run, follow_up)
        }
    };
    let mut in_order = true;
    for run in std::iter::once(run).chain(follow_up) {
        let ended = through(installation, &settings, run).await?;
        in_order &= show(installation, &settings, &ended).await?;
    }
    Ok(if in_order { Ended::InOrder } else { Ended::NotInOrder })
}

/// Reports at once if a sync is refused, or cannot start yet.
async fn at_once(
    installation: &Installation,
    operations: &Operations,
    settings: &PartnerSettings,
    request: &RequestId,
) -> anyhow::Result<Ended> {
    match operations.sync_answer(&settings.partner, request, ANSWER_TIMEOUT).await? {
        None => output::tell(&"no scheduler has answered yet"),
        Some(Answer::Refused { code, reason }) => {
            output::complain(&format_args!("refused, {code}: {reason}"));
            return Ok(Ended::Refused);
        }
        Some(Answer::Accepted { run } | Answer::Joined { run, .. }) => {
            if let Some(said) = wait(installation, settings, run).await? {
                output::tell(&said);
            }
        }
    }
    Ok(Ended::InOrder)
}

/// What a run waits for, as a sentence; `None` if it does not wait.
async fn wait(
    installation: &Installation,
    settings: &PartnerSettings,
    run: RunId,
) -> anyhow::Result<Option<String>> {
    let now = installation.clock.now();
    let waits = installation
        .store
        .transaction("read_waits", |tx| Box::pin(waiting::runs(tx, &settings.partner, now)))
        .await?;
    let reader =
        advice::Reader { language: advice::Language::English, now: now.to_zoned(settings.zone().clone()) };
    Ok(waits.get(&run).map(|wait| advice::wait(wait, &reader)))
}

async fn answer(operations: &Operations, partner: &PartnerId, request: &RequestId) -> anyhow::Result<Answer> {
    operations
        .sync_answer(partner, request, ANSWER)
        .await?
        .with_context(|| format!("no scheduler has answered request {request} in {ANSWER:?}; does one run?"))
}

/// Waits until a run has ended, and reports its progress.
async fn through(
    installation: &Installation,
    settings: &PartnerSettings,
    run: RunId,
) -> anyhow::Result<RunRow> {
    let partner = &settings.partner;
    let mut ledger = installation.store.listen(LEDGER, installation.stop.clone());
    let (mut told, mut waited) = (None, None);
    loop {
        let row = installation
            .store
            .transaction("read_run", |tx| Box::pin(statuses::run(tx, partner, run)))
            .await?
            .with_context(|| format!("there is no run {run}"))?;
        if told != Some(row.totals) {
            let totals = row.totals;
            output::tell(&format_args!(
                "run {}: {} companies and contracts so far: {} changed, {} equal, {} held, {} failed, {} skipped",
                row.number,
                totals.companies,
                totals.changed,
                totals.unchanged,
                totals.held,
                totals.failed,
                totals.skipped
            ));
            told = Some(totals);
        }
        if row.state != RunState::Running {
            return Ok(row);
        }
        let waits = wait(installation, settings, run).await?;
        if waits != waited {
            if let Some(said) = &waits {
                output::tell(said);
            }
            waited = waits;
        }
        ledger.wait(POLL).await;
    }
}

/// Shows the results of a run; returns whether all of it is in order.
async fn show(installation: &Installation, settings: &PartnerSettings, run: &RunRow) -> anyhow::Result<bool> {
    let companies = installation
        .store
        .transaction("read_run_companies", |tx| {
            Box::pin(statuses::run_companies(tx, &settings.partner, run.run))
        })
        .await?;
    let mut table =
        output::table(&["company", "contract", "state", "code", "product", "from", "to", "effective"]);
    for row in &companies {
        add_rows(&mut table, settings, row);
    }
    output::say(&table)?;
    let planned = if run.mode == domain::RunMode::Plan { " (plan: nothing is written)" } else { "" };
    let state = run.state.as_str().replace('_', " ");
    output::say(&format_args!("run {} {state}{planned}", run.number))?;
    Ok(run.state == RunState::Finished && run.totals.failed == 0 && run.totals.held == 0)
}

fn add_rows(table: &mut comfy_table::Table, settings: &PartnerSettings, row: &RunCompany) {
    let mapping = settings.companies.get(&row.company).and_then(|company| company.mapping.as_ref());
    let contract = row.contract.map_or_else(String::new, |contract| {
        let known = mapping
            .into_iter()
            .flat_map(|mapping| std::iter::once(&mapping.contract).chain(mapping.product_contracts.values()));
        let name = known.into_iter().find(|known| known.id == contract).map(|known| known.name.clone());
        name.unwrap_or_else(|| contract.to_string())
    });
    let mut head = [row.name.clone(), contract, output::state(row.state), output::code(row.code).to_owned()];
    let moving: Vec<_> = row
        .products
        .iter()
        .filter(|product| product.from != product.to.map(f64::from) || product.code.is_some())
        .collect();
    if moving.is_empty() {
        table.add_row(head);
        return;
    }
    for product in moving {
        let code = product.code.as_deref().filter(|code| *code != head[3]);
        let name =
            [Some(product.product.as_str()), code].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let [company, contract, state, head_code] = head.clone();
        table.add_row([
            company,
            contract,
            state,
            head_code,
            name,
            product.from.map_or_else(String::new, |units| units.to_string()),
            product.to.map_or_else(String::new, |units| units.to_string()),
            product.effective.map_or_else(String::new, |day| day.to_string()),
        ]);
        head = Default::default();
    }
}
