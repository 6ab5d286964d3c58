//! `holds PARTNER`: the changes that wait for a person, and the decisions about them.

use std::time::Duration;

use advice::Language;
use anyhow::Context as _;
use bus::{Outgoing, Queue, SharedBus, TraceContext};
use comfy_table::ColumnConstraint;
use domain::{HoldId, PartnerId, RequestId};
use messages::v1;
use store::{
    holds::{self, PersonsDecision},
    settings::{IntegrationState, PartnerSettings},
    status_reading::{self, HoldRow},
};

use crate::{
    advising::{self, Advising},
    command_line::{Decided, Decision},
    ended::Ended,
    installation::Installation,
    output::{self, instant},
    sync_now,
};

/// How long a published decision may take to be taken.
const TAKEN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(200);

pub(crate) async fn command(
    installation: &Installation,
    partner: &str,
    language: Language,
    decision: Option<Decision>,
) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    match decision {
        None => list(installation, &settings, language).await,
        Some(Decision::Approve(decided)) => decide(installation, &settings, &decided, true).await,
        Some(Decision::Dismiss(decided)) => decide(installation, &settings, &decided, false).await,
    }
}

async fn list(
    installation: &Installation,
    settings: &PartnerSettings,
    language: Language,
) -> anyhow::Result<Ended> {
    let now = installation.clock.now();
    let (holds, advising) = installation
        .store
        .transaction("list_holds", |tx| {
            Box::pin(async move {
                Ok::<_, store::StoreError>((
                    status_reading::standing_holds(tx, &settings.partner).await?,
                    Advising::read(tx, settings, now, language).await?,
                ))
            })
        })
        .await?;
    if holds.is_empty() {
        output::say(&"nothing waits for a person")?;
        return Ok(Ended::InOrder);
    }
    let columns =
        ["hold", "companies", "contract", "service", "from", "to", "effective", "brake", "state", "since"];
    let mut table = output::table(&columns);
    for hold in &holds {
        table.add_row(row(hold, &advising));
    }
    // The hold's id is there to be copied: never on two lines.
    if let Some(id) = table.column_mut(0) {
        id.set_constraint(ColumnConstraint::ContentWidth);
    }
    output::say(&table)?;
    for hold in &holds {
        let who = format!("{}, {}", hold.hold, advising.names(hold).join(", "));
        advising::say(&advising.of_hold(hold), &who, language)?;
    }
    Ok(if holds.iter().any(|hold| hold.state == "open") { Ended::NotInOrder } else { Ended::InOrder })
}

fn row(hold: &HoldRow, advising: &Advising<'_>) -> [String; 10] {
    let service = advising.service(hold.service).unwrap_or_else(|| hold.service.to_string());
    [
        hold.hold.to_string(),
        advising.names(hold).join(", "),
        hold.contract.to_string(),
        service,
        hold.from_units.to_string(),
        hold.to_units.to_string(),
        hold.effective_date.to_string(),
        hold.brake.as_str().replace('_', " "),
        hold.state.clone(),
        instant(Some(hold.opened_at), advising.zone()),
    ]
}

async fn decide(
    installation: &Installation,
    settings: &PartnerSettings,
    decided: &Decided,
    approved: bool,
) -> anyhow::Result<Ended> {
    let partner = &settings.partner;
    let id = HoldId::parse(&decided.hold)?;
    let hold = read(installation, partner, id).await?;
    if hold.state != "open" {
        output::complain(&format_args!("{id} is not open any more: it is {}", hold.state));
        return Ok(Ended::Refused);
    }
    let taken = match installation.bus()? {
        Some(bus) => publish(installation, &bus, partner, &hold, decided, approved).await?,
        None => take(installation, settings, &hold, decided, approved).await?,
    };
    if let Err(refusal) = taken {
        output::complain(&refusal);
        return Ok(Ended::Refused);
    }
    let (word, effect) = if approved {
        ("approved", format!("{} units are sent", hold.to_units))
    } else {
        ("dismissed", "Kaseya stays as it is".to_owned())
    };
    output::say(&format_args!("{id} is {word}: {effect}"))?;
    Ok(Ended::InOrder)
}

async fn read(installation: &Installation, partner: &PartnerId, id: HoldId) -> anyhow::Result<HoldRow> {
    installation
        .store
        .transaction("read_hold", |tx| Box::pin(status_reading::hold(tx, partner, id)))
        .await?
        .with_context(|| format!("{partner} has no hold {id}; `kaseya-sync holds {partner}` lists them"))
}

/// Publishes a decision, and waits until the hold shows that it was taken: nobody answers one.
async fn publish(
    installation: &Installation,
    bus: &SharedBus,
    partner: &PartnerId,
    hold: &HoldRow,
    decided: &Decided,
    approved: bool,
) -> anyhow::Result<Result<(), String>> {
    let id = installation.entropy.uuid(installation.clock.now());
    let decision = if approved { v1::HoldDecision::Approve } else { v1::HoldDecision::Dismiss };
    let message = v1::HoldDecided {
        decision_id: id.to_string(),
        partner_id: partner.to_string(),
        hold_id: hold.hold.to_string(),
        decision: decision.into(),
        decided_by: decided.by.chars().take(200).collect(),
        units: Some(hold.to_units),
    };
    bus.publish(Queue::SyncRequests, Outgoing::new(id, TraceContext::default(), &message))
        .await
        .context("the decision is not published")?;
    let wait = async {
        loop {
            let now = read(installation, partner, hold.hold).await?;
            if now.state != "open" {
                return anyhow::Ok(());
            }
            if now.to_units != hold.to_units {
                anyhow::bail!("another number is held by now, {}: look again", now.to_units);
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(TAKEN, wait).await.with_context(|| {
        format!("the decision is published, and not taken in {TAKEN:?}; does a scheduler run?")
    })??;
    Ok(Ok(()))
}

/// Takes a decision where there is no bus to reach: as the scheduler does, and asks it for the sync that sends it.
async fn take(
    installation: &Installation,
    settings: &PartnerSettings,
    hold: &HoldRow,
    decided: &Decided,
    approved: bool,
) -> anyhow::Result<Result<(), String>> {
    let now = installation.clock.now();
    let id = installation.entropy.uuid(now).to_string();
    let decision = RequestId::new(id.clone())?;
    let persons = PersonsDecision {
        decision: &decision,
        hold: hold.hold,
        approves: approved,
        units: hold.to_units,
        by: &decided.by,
    };
    let partner = &settings.partner;
    let outcome = installation
        .store
        .transaction("decide_hold", |tx| {
            Box::pin(async move {
                store::runs::hold_partner(tx, partner).await?;
                holds::decide(tx, partner, &persons, now).await
            })
        })
        .await?;
    match outcome {
        holds::Decision::Taken(_) => {}
        holds::Decision::Repeated | holds::Decision::UnknownHold | holds::Decision::NotOpen => {
            return Ok(Err(format!("{} is not open any more", hold.hold)));
        }
        holds::Decision::OtherUnits { held } => {
            return Ok(Err(format!("another number is held by now, {held}: look again")));
        }
    }
    let on = settings.integration.as_ref().is_some_and(|known| known.state == IntegrationState::On);
    if approved && on {
        let message = sync_now::requested(partner, &id, &hold.companies, false, &decided.by);
        sync_now::leave(installation, partner, &decision, &message).await?;
    }
    Ok(Ok(()))
}
