//! `holds PARTNER approve` and `dismiss`: one hold, or all that are open.
//!
//! A decision is about the number that the person saw; the two halves of a plan switch are one decision.

use std::time::Duration;

use advice::Language;
use anyhow::Context as _;
use bus::{Outgoing, Queue, SharedBus, TraceContext};
use comfy_table::ColumnConstraint;
use domain::{CompanyId, HoldId, PartnerId, RequestId};
use messages::v1;
use store::{
    holds::{self, PersonsDecision},
    settings::{IntegrationState, PartnerSettings},
    status_reading::{self, HoldRow},
};

use crate::{
    advising::Advising, command_line::Decided, ended::Ended, installation::Installation, output, sync_now,
};

/// How long published decisions may take to be taken.
const TAKEN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(200);

/// What is decided, and by whom.
#[derive(Clone, Copy)]
struct Decision<'a> {
    approves: bool,
    by: &'a str,
}

impl Decision<'_> {
    /// The state of a hold that it was taken on.
    fn state(self) -> &'static str {
        if self.approves { "approved" } else { "dismissed" }
    }

    /// Whether it can be taken on this hold as it stands: on an open one, and a dismissal takes back an approval too that is
    /// not used yet.
    fn applies_to(self, hold: &HoldRow) -> bool {
        hold.state == "open" || hold.state == "approved" && !self.approves
    }
}

pub(crate) async fn command(
    installation: &Installation,
    settings: &PartnerSettings,
    decided: &Decided,
    approves: bool,
    language: Language,
) -> anyhow::Result<Ended> {
    let decision = Decision { approves, by: &decided.by };
    match &decided.hold {
        Some(hold) => one(installation, settings, HoldId::parse(hold)?, decision).await,
        None => all(installation, settings, decision, language).await,
    }
}

async fn one(
    installation: &Installation,
    settings: &PartnerSettings,
    id: HoldId,
    decision: Decision<'_>,
) -> anyhow::Result<Ended> {
    let partner = &settings.partner;
    let hold = read(installation, partner, id).await?;
    if !decision.applies_to(&hold) {
        output::complain(&format_args!("{id} is not open any more: it is {}", hold.state));
        return Ok(Ended::Refused);
    }
    let before = standing(installation, partner).await?;
    let seen: Vec<&HoldRow> =
        before.iter().filter(|other| other.hold == id || other.is_half_with(&hold)).collect();
    let after = put(installation, settings, &seen, decision).await?;
    for (seen, now) in seen.iter().zip(&after) {
        if let Err(refusal) = taken(seen, now, decision) {
            output::complain(&format_args!("{}: {refusal}", seen.hold));
            return Ok(Ended::Refused);
        }
        let effect = if decision.approves {
            format!("{} units are sent", seen.to_units)
        } else {
            "Kaseya stays as it is".to_owned()
        };
        output::say(&format_args!("{} is {}: {effect}", seen.hold, decision.state()))?;
    }
    Ok(Ended::InOrder)
}

async fn all(
    installation: &Installation,
    settings: &PartnerSettings,
    decision: Decision<'_>,
    language: Language,
) -> anyhow::Result<Ended> {
    let standing = standing(installation, &settings.partner).await?;
    let is_open = |hold: &HoldRow| hold.state == "open";
    let seen: Vec<&HoldRow> = standing
        .iter()
        .filter(|hold| is_open(hold) || standing.iter().any(|open| is_open(open) && open.is_half_with(hold)))
        .collect();
    if seen.is_empty() {
        output::say(&"nothing waits for a person")?;
        return Ok(Ended::InOrder);
    }
    let after = put(installation, settings, &seen, decision).await?;
    let now = installation.clock.now();
    let advising = installation
        .store
        .transaction("read_facts", |tx| Box::pin(Advising::read(tx, settings, now, language)))
        .await?;
    let mut table =
        output::table(&["hold", "companies", "contract", "service", "from", "to", "brake", "decided"]);
    let mut in_order = true;
    for (seen, now) in seen.iter().zip(&after) {
        let outcome = taken(seen, now, decision);
        in_order &= outcome.is_ok();
        let [hold, companies, contract, service, from, to, _, brake, ..] = crate::holds::row(seen, &advising);
        let outcome = outcome.map_or_else(|refusal| refusal, |()| decision.state().to_owned());
        table.add_row([hold, companies, contract, service, from, to, brake, outcome]);
    }
    if let Some(id) = table.column_mut(0) {
        id.set_constraint(ColumnConstraint::ContentWidth);
    }
    output::say(&table)?;
    Ok(if in_order { Ended::InOrder } else { Ended::Refused })
}

/// Whether the decision was taken on what the person saw, or why it was not.
fn taken(seen: &HoldRow, now: &HoldRow, decision: Decision<'_>) -> Result<(), String> {
    if now.state == decision.state() {
        Ok(())
    } else if now.state != "open" {
        Err(format!("it is {} by now", now.state))
    } else if now.to_units != seen.to_units {
        Err(format!("another number is held by now, {}: look again", now.to_units))
    } else {
        Err(format!("not taken in {TAKEN:?}; does a scheduler run?"))
    }
}

async fn read(installation: &Installation, partner: &PartnerId, id: HoldId) -> anyhow::Result<HoldRow> {
    installation
        .store
        .transaction("read_hold", |tx| Box::pin(status_reading::hold(tx, partner, id)))
        .await?
        .with_context(|| format!("{partner} has no hold {id}; `kaseya-sync holds {partner}` lists them"))
}

async fn standing(installation: &Installation, partner: &PartnerId) -> anyhow::Result<Vec<HoldRow>> {
    let holds = installation
        .store
        .transaction("read_holds", |tx| Box::pin(status_reading::standing_holds(tx, partner)))
        .await?;
    Ok(holds)
}

/// Gives the decision about these holds, and answers how each stands then.
async fn put(
    installation: &Installation,
    settings: &PartnerSettings,
    seen: &[&HoldRow],
    decision: Decision<'_>,
) -> anyhow::Result<Vec<HoldRow>> {
    let partner = &settings.partner;
    match installation.bus()? {
        Some(bus) => {
            for (question, other) in questions(seen, decision) {
                publish(installation, &bus, partner, (question, other), decision).await?;
            }
            // Nobody answers a decision: the holds show that it was taken.
            let wait = until_taken(installation, partner, seen);
            match tokio::time::timeout(TAKEN, wait).await {
                Ok(after) => after,
                Err(_) => read_each(installation, partner, seen).await,
            }
        }
        None => {
            take(installation, settings, seen, decision).await?;
            read_each(installation, partner, seen).await
        }
    }
}

/// One question for each hold, and one for the two halves of a plan switch: the first that can be decided, and the other half.
fn questions<'a>(seen: &[&'a HoldRow], decision: Decision<'_>) -> Vec<(&'a HoldRow, Option<&'a HoldRow>)> {
    let mut questions: Vec<(&HoldRow, Option<&HoldRow>)> = Vec::new();
    for hold in seen.iter().filter(|hold| decision.applies_to(hold)) {
        if !questions.iter().any(|(asked, _)| asked.is_half_with(hold)) {
            questions.push((hold, seen.iter().copied().find(|other| other.is_half_with(hold))));
        }
    }
    questions
}

async fn publish(
    installation: &Installation,
    bus: &SharedBus,
    partner: &PartnerId,
    (hold, other): (&HoldRow, Option<&HoldRow>),
    decision: Decision<'_>,
) -> anyhow::Result<()> {
    let id = installation.entropy.uuid(installation.clock.now());
    let verdict = if decision.approves { v1::HoldDecision::Approve } else { v1::HoldDecision::Dismiss };
    let message = v1::HoldDecided {
        decision_id: id.to_string(),
        partner_id: partner.to_string(),
        hold_id: hold.hold.to_string(),
        decision: verdict.into(),
        decided_by: decision.by.chars().take(200).collect(),
        units: Some(hold.to_units),
        other_units: other.map(|other| other.to_units),
    };
    bus.publish(Queue::SyncRequests, Outgoing::new(id, TraceContext::default(), &message))
        .await
        .context("the decision is not published")
}

async fn until_taken(
    installation: &Installation,
    partner: &PartnerId,
    seen: &[&HoldRow],
) -> anyhow::Result<Vec<HoldRow>> {
    loop {
        let after = read_each(installation, partner, seen).await?;
        let waits =
            |(seen, now): (&&HoldRow, &HoldRow)| now.state == seen.state && now.to_units == seen.to_units;
        if !seen.iter().zip(&after).any(waits) {
            return Ok(after);
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn read_each(
    installation: &Installation,
    partner: &PartnerId,
    seen: &[&HoldRow],
) -> anyhow::Result<Vec<HoldRow>> {
    let mut after = Vec::new();
    for hold in seen {
        after.push(read(installation, partner, hold.hold).await?);
    }
    Ok(after)
}

/// Takes the decision where there is no bus to reach: as the scheduler does, and asks it for the sync that sends it.
async fn take(
    installation: &Installation,
    settings: &PartnerSettings,
    seen: &[&HoldRow],
    decision: Decision<'_>,
) -> anyhow::Result<()> {
    let now = installation.clock.now();
    let (partner, questions) = (&settings.partner, &questions(seen, decision));
    let ids: Vec<RequestId> = questions
        .iter()
        .map(|_| RequestId::new(installation.entropy.uuid(now).to_string()))
        .collect::<Result<_, _>>()?;
    let ids = &ids;
    let mut companies: Vec<CompanyId> = installation
        .store
        .transaction("decide_holds", |tx| {
            Box::pin(async move {
                store::runs::hold_partner(tx, partner).await?;
                let mut companies = Vec::new();
                for ((hold, other), id) in questions.iter().zip(ids) {
                    let persons = PersonsDecision {
                        decision: id,
                        hold: hold.hold,
                        approves: decision.approves,
                        units: hold.to_units,
                        other_units: other.map(|other| other.to_units),
                        by: decision.by,
                    };
                    if let holds::Decision::Taken(_) = holds::decide(tx, partner, &persons, now).await? {
                        companies.extend(hold.companies.iter().cloned());
                    }
                }
                Ok::<_, store::StoreError>(companies)
            })
        })
        .await?;
    companies.sort_unstable();
    companies.dedup();
    let on = settings.integration.as_ref().is_some_and(|known| known.state == IntegrationState::On);
    if let (true, true, Some(id), false) = (decision.approves, on, ids.first(), companies.is_empty()) {
        let message = sync_now::requested(partner, id.as_str(), &companies, false, decision.by);
        sync_now::leave(installation, partner, id, &message).await?;
    }
    Ok(())
}
