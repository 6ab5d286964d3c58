//! `sync-now PARTNER`: asks for a sync, and shows what came of it.

use std::time::Duration;

use anyhow::Context as _;
use bus::{Outgoing, Queue, TraceContext};
use domain::{CompanyId, PartnerId, ReportId, RequestId, RunId, RunState};
use messages::v1;
use store::{
    requests::{self, Answer, WaitingRequest},
    settings::PartnerSettings,
    status_reading::{self, RunCompany, RunRow},
};

use crate::{command_line::SyncNow, ended::Ended, installation::Installation, output};

/// How long an answer may take; it needs no Kaseya.
const ANSWER: Duration = Duration::from_secs(60);
/// How often the tables are looked at where nothing wakes us.
const POLL: Duration = Duration::from_millis(500);
/// The channel on which Postgres says that the ledger has changed.
const LEDGER: &str = "ledger";

pub(crate) async fn command(installation: &Installation, order: SyncNow) -> anyhow::Result<Ended> {
    let settings = installation.partner(&order.partner).await?;
    let request = publish(installation, &settings, &order).await?;
    if !order.wait {
        output::say(&format_args!("asked as request {request}; `--wait` shows what comes of it"))?;
        return Ok(Ended::InOrder);
    }
    let (run, follow_up) = match answer(installation, &settings.partner, &request).await? {
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
        let ended = through(installation, &settings.partner, run).await?;
        in_order &= show(installation, &settings, &ended).await?;
    }
    Ok(if in_order { Ended::InOrder } else { Ended::NotInOrder })
}

async fn publish(
    installation: &Installation,
    settings: &PartnerSettings,
    order: &SyncNow,
) -> anyhow::Result<RequestId> {
    let companies: Vec<CompanyId> =
        order.company.iter().map(|company| CompanyId::new(company.as_str())).collect::<Result<_, _>>()?;
    let now = installation.clock.now();
    let id = installation.entropy.uuid(now);
    let message = requested(&settings.partner, &id.to_string(), &companies, order.plan, &order.by);
    let request = RequestId::new(id.to_string())?;
    match installation.bus()? {
        Some(bus) => bus
            .publish(Queue::SyncRequests, Outgoing::new(id, TraceContext::default(), &message))
            .await
            .context("the request is not published")?,
        None => leave(installation, &settings.partner, &request, &message).await?,
    }
    Ok(request)
}

/// The message that asks for a sync; of all companies if none is listed.
pub(crate) fn requested(
    partner: &PartnerId,
    request: &str,
    companies: &[CompanyId],
    plan: bool,
    by: &str,
) -> v1::SyncRequested {
    use v1::company_selection::Selection;
    let selection = if companies.is_empty() {
        Selection::All(v1::AllCompanies {})
    } else {
        Selection::Only(v1::CompanyList { company_ids: companies.iter().map(ToString::to_string).collect() })
    };
    let mode = if plan { v1::SyncMode::Plan } else { v1::SyncMode::Apply };
    v1::SyncRequested {
        request_id: request.to_owned(),
        partner_id: partner.to_string(),
        companies: Some(v1::CompanySelection { selection: Some(selection) }),
        mode: mode.into(),
        requested_by: by.chars().take(200).collect(),
        expires_at: None,
        must_include_report_id: None,
    }
}

/// Leaves a request where the scheduler of a process whose bus we cannot reach finds it: among those that wait, its wait
/// already over.
pub(crate) async fn leave(
    installation: &Installation,
    partner: &PartnerId,
    request: &RequestId,
    message: &v1::SyncRequested,
) -> anyhow::Result<()> {
    let now = installation.clock.now();
    let waiting = WaitingRequest {
        message: serde_json::to_value(message)?,
        report: ReportId::new("none")?,
        until: now,
    };
    installation
        .store
        .transaction("leave_request", |tx| {
            Box::pin(requests::store_waiting(tx, partner, request, &waiting, now))
        })
        .await?;
    Ok(())
}

async fn answer(
    installation: &Installation,
    partner: &PartnerId,
    request: &RequestId,
) -> anyhow::Result<Answer> {
    let wait = async {
        loop {
            let answer = installation
                .store
                .transaction("read_answer", |tx| Box::pin(status_reading::request(tx, partner, request)))
                .await?;
            if let Some(Some(answer)) = answer {
                return anyhow::Ok(answer);
            }
            tokio::time::sleep(POLL).await;
        }
    };
    let waited = tokio::time::timeout(ANSWER, wait).await;
    waited.with_context(|| {
        format!("no scheduler has answered request {request} in {ANSWER:?}; does one run?")
    })?
}

/// Waits until a run has ended, telling how far it is.
async fn through(installation: &Installation, partner: &PartnerId, run: RunId) -> anyhow::Result<RunRow> {
    let mut ledger = installation.store.listen(LEDGER, installation.stop.clone());
    let mut told = None;
    loop {
        let row = installation
            .store
            .transaction("read_run", |tx| Box::pin(status_reading::run(tx, partner, run)))
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
        ledger.wait(POLL).await;
    }
}

/// Shows how a run came out; answers whether all of it is in order.
async fn show(installation: &Installation, settings: &PartnerSettings, run: &RunRow) -> anyhow::Result<bool> {
    let companies = installation
        .store
        .transaction("read_run_companies", |tx| {
            Box::pin(status_reading::run_companies(tx, &settings.partner, run.run))
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
