//! Decisions on holds: on some, or on all open ones.
//!
//! A decision is about the change that the person saw, its from and its to. The two halves of a plan switch are one
//! decision.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bus::{Outgoing, PublishError, Queue, SharedBus, TraceContext};
use domain::{
    CompanyId, ContractId, HoldId, IntegrationState, PartnerId, RequestId, SecurityEventKind, Wait,
    WaitReason,
};
use messages::v1;
use serde_json::{Value, json};
use store::{
    StoreError,
    access::security_events::SecurityEvent,
    holds::{self, HoldRow, PersonsDecision},
    settings::PartnerSettings,
};

use crate::{
    Acting, Operations,
    sync_requests::{self, SyncOrder},
};

/// How long to wait until published decisions are taken.
pub const TAKEN_WITHIN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(200);

/// What is decided, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// Whether to send the held units; otherwise Kaseya stays as it is.
    pub approves: bool,
    /// Who decides.
    pub by: &'a str,
}

/// Which holds to decide.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// All open holds.
    AllOpen,
    /// These holds, each as the person saw it. Without that, an approval is refused if the hold has changed.
    Those(&'a BTreeMap<HoldId, Option<Shown>>),
}

/// A hold as a person saw it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Units in Kaseya; `None` if the caller does not say.
    pub from: Option<f64>,
    /// The units waiting to be sent.
    pub to: u32,
}

/// A hold, and the outcome of the decision on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The hold at the time of the decision.
    pub hold: HoldRow,
    /// The outcome.
    pub outcome: Outcome,
}

/// Outcome of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The decision is taken.
    Taken,
    /// The hold is no longer open but in this state.
    NotOpen(String),
    /// The held number is not the one that the person saw: look again.
    OtherUnits(u32),
    /// Kaseya's units are not those that the person saw: look again.
    OtherFrom(f64),
    /// Published but not taken within [`TAKEN_WITHIN`]: perhaps no scheduler runs.
    Unheard,
}

/// Why approved units are not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotYetSent {
    /// The integration is off: the units are sent once it is on.
    Off,
    /// The run that sends them waits.
    Waits(Wait),
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum NotDecided {
    /// The partner has no such hold.
    #[error("there is no hold {0}")]
    UnknownHold(HoldId),
    /// The bus did not accept a decision; earlier ones may have been taken.
    #[error("the decision is not published: {0}")]
    Publish(#[from] PublishError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision<'_> {
    /// The state of a hold after this decision.
    fn state(self) -> &'static str {
        if self.approves { "approved" } else { "dismissed" }
    }

    /// Whether the decision applies to the hold in its current state. Only an open hold can be approved; a
    /// dismissal also revokes an approval that is not used yet.
    fn applies_to(self, hold: &HoldRow) -> bool {
        hold.state == "open" || hold.state == "approved" && !self.approves
    }

    /// Why the decision no longer fits the hold: its numbers differ from those the person saw, or they have changed
    /// and the person did not say which they saw.
    fn overtaken(self, hold: &HoldRow, shown: Option<Shown>) -> Option<Outcome> {
        let other = |told: Option<f64>, now: f64, changed: bool| {
            told.map_or(self.approves && changed, |told| told != now)
        };
        if other(shown.map(|shown| shown.to.into()), hold.to_units.into(), hold.to_changed) {
            Some(Outcome::OtherUnits(hold.to_units))
        } else if other(shown.and_then(|shown| shown.from), hold.from_units, hold.from_changed) {
            Some(Outcome::OtherFrom(hold.from_units))
        } else {
            None
        }
    }

    /// Whether the decision was taken on what the person saw, or why not.
    fn outcome(self, seen: &HoldRow, now: &HoldRow) -> Outcome {
        if now.state == self.state() {
            Outcome::Taken
        } else if now.state != "open" {
            Outcome::NotOpen(now.state.clone())
        } else if now.to_units != seen.to_units {
            Outcome::OtherUnits(now.to_units)
        } else if now.from_units != seen.from_units {
            Outcome::OtherFrom(now.from_units)
        } else {
            Outcome::Unheard
        }
    }
}

impl Acting<'_> {
    /// Decides holds and waits until the decisions are taken. Deciding one half of a plan switch decides the other
    /// too. The security event is stored before the decision is published; the hold's row holds the outcome and who
    /// decided.
    pub async fn decide(
        &self,
        settings: &PartnerSettings,
        which: Which<'_>,
        decision: Decision<'_>,
    ) -> Result<Vec<Decided>, NotDecided> {
        let partner = &settings.partner;
        let (seen, mut decided) = self.choose(partner, which, decision).await?;
        if seen.is_empty() {
            return Ok(decided);
        }
        let (approved, dismissed) = (SecurityEventKind::HoldsApproved, SecurityEventKind::HoldsDismissed);
        let kind = if decision.approves { approved } else { dismissed };
        let details = json!({ "holds": seen.iter().map(as_details).collect::<Vec<_>>() });
        self.keep_alone(SecurityEvent::of(kind, partner, "holds", details)).await?;
        let after = self.put(settings, &seen, decision).await?;
        decided.extend(seen.into_iter().zip(after).map(|(seen, now)| {
            let outcome = decision.outcome(&seen, &now);
            Decided { hold: seen, outcome }
        }));
        Ok(decided)
    }
}

/// A hold as the security event shows it.
fn as_details(hold: &HoldRow) -> Value {
    json!({
        "hold": hold.hold.to_string(),
        "contract": hold.contract.0,
        "service": hold.service.0,
        "from": hold.from_units,
        "to": hold.to_units,
    })
}

impl Operations {
    /// The holds that can be decided, with the other halves of plan switches, and those that cannot.
    async fn choose(
        &self,
        partner: &PartnerId,
        which: Which<'_>,
        decision: Decision<'_>,
    ) -> Result<(Vec<HoldRow>, Vec<Decided>), NotDecided> {
        let standing = self.standing_holds(partner).await?;
        let mut refused: Vec<Decided> = Vec::new();
        let mut chosen = BTreeSet::new();
        let asked: BTreeMap<HoldId, Option<Shown>> = match which {
            Which::AllOpen => {
                let open = standing.iter().filter(|hold| hold.state == "open");
                open.map(|hold| (hold.hold, None)).collect()
            }
            Which::Those(those) => those.clone(),
        };
        for (id, shown) in &asked {
            let hold = self.hold(partner, *id).await?;
            if !decision.applies_to(&hold) {
                let outcome = Outcome::NotOpen(hold.state.clone());
                refused.push(Decided { hold, outcome });
            } else if let Some(outcome) = decision.overtaken(&hold, *shown) {
                refused.push(Decided { hold, outcome });
            } else {
                chosen.insert(*id);
            }
        }
        // The other halves that the caller did not name.
        for hold in standing.iter().filter(|hold| !asked.contains_key(&hold.hold)) {
            let with = standing.iter().any(|other| chosen.contains(&other.hold) && other.is_half_with(hold));
            if let Some(outcome) = decision.overtaken(hold, None).filter(|_| with) {
                refused.push(Decided { hold: hold.clone(), outcome });
            }
        }
        let (mut seen, mut with_refused) = (Vec::new(), Vec::new());
        for hold in &standing {
            let is_chosen = |hold: &HoldRow| chosen.contains(&hold.hold);
            if !is_chosen(hold) && !standing.iter().any(|other| is_chosen(other) && other.is_half_with(hold))
            {
                continue;
            }
            // A person who has not seen one half's number has not decided on the other.
            match refused.iter().find(|other| other.hold.is_half_with(hold) || other.hold.hold == hold.hold) {
                None => seen.push(hold.clone()),
                Some(other) if is_chosen(hold) => {
                    with_refused.push(Decided { hold: hold.clone(), outcome: other.outcome.clone() });
                }
                Some(_) => {}
            }
        }
        refused.extend(with_refused);
        Ok((seen, refused))
    }

    /// Why the units that a decision approved are not sent now (G-04).
    pub async fn not_yet_sent(
        &self,
        settings: &PartnerSettings,
        decision: Decision<'_>,
        decided: &[Decided],
    ) -> Result<Option<NotYetSent>, StoreError> {
        let taken = decided.iter().filter(|one| one.outcome == Outcome::Taken);
        let contracts: &BTreeSet<ContractId> = &taken.map(|one| one.hold.contract).collect();
        let Some(integration) = &settings.integration else { return Ok(None) };
        if !decision.approves || contracts.is_empty() {
            return Ok(None);
        }
        if integration.state != IntegrationState::On {
            return Ok(Some(NotYetSent::Off));
        }
        let (partner, now) = (&settings.partner, self.clock.now());
        let (stopped, wait) = self
            .store
            .transaction("read_waits", |tx| {
                Box::pin(async move {
                    let stopped = store::settings::writes_stopped(tx).await?;
                    Ok::<_, StoreError>((
                        stopped,
                        store::jobs::waiting::writes(tx, partner, contracts, now).await?,
                    ))
                })
            })
            .await?;
        // Before the run exists, what blocks every run is already known.
        let refused = integration.credentials_refused.as_ref();
        let wait = wait
            .or_else(|| refused.map(|refused| Wait::stored(refused.code.as_str(), refused.at, None)))
            .or_else(|| stopped.then(|| Wait::of(WaitReason::WritesStopped, now, None)));
        Ok(wait.map(NotYetSent::Waits))
    }

    async fn hold(&self, partner: &PartnerId, id: HoldId) -> Result<HoldRow, NotDecided> {
        self.store
            .transaction("read_hold", |tx| Box::pin(holds::hold(tx, partner, id)))
            .await?
            .ok_or(NotDecided::UnknownHold(id))
    }

    async fn standing_holds(&self, partner: &PartnerId) -> Result<Vec<HoldRow>, StoreError> {
        self.store.transaction("read_holds", |tx| Box::pin(holds::standing_holds(tx, partner))).await
    }

    /// Publishes the decision on these holds and returns each hold's state afterwards.
    async fn put(
        &self,
        settings: &PartnerSettings,
        seen: &[HoldRow],
        decision: Decision<'_>,
    ) -> Result<Vec<HoldRow>, NotDecided> {
        let partner = &settings.partner;
        match &self.bus {
            Some(bus) => {
                for question in questions(seen, decision) {
                    self.publish(bus, partner, question, decision).await?;
                }
                // A decision gets no reply: the holds show that it was taken.
                match tokio::time::timeout(TAKEN_WITHIN, self.until_taken(partner, seen)).await {
                    Ok(after) => after,
                    Err(_) => self.read_each(partner, seen).await,
                }
            }
            None => {
                self.take(settings, seen, decision).await?;
                self.read_each(partner, seen).await
            }
        }
    }

    async fn publish(
        &self,
        bus: &SharedBus,
        partner: &PartnerId,
        (hold, other): (&HoldRow, Option<&HoldRow>),
        decision: Decision<'_>,
    ) -> Result<(), PublishError> {
        let id = self.entropy.uuid(self.clock.now());
        let verdict = if decision.approves { v1::HoldDecision::Approve } else { v1::HoldDecision::Dismiss };
        let message = v1::HoldDecided {
            decision_id: id.to_string(),
            partner_id: partner.to_string(),
            hold_id: hold.hold.to_string(),
            decision: verdict.into(),
            decided_by: sync_requests::name(decision.by),
            units: Some(hold.to_units),
            other_units: other.map(|other| other.to_units),
            from_units: Some(hold.from_units),
            other_from_units: other.map(|other| other.from_units),
        };
        bus.publish(Queue::SyncRequests, Outgoing::new(id, TraceContext::default(), &message)).await
    }

    async fn until_taken(&self, partner: &PartnerId, seen: &[HoldRow]) -> Result<Vec<HoldRow>, NotDecided> {
        loop {
            let after = self.read_each(partner, seen).await?;
            let waits = |(seen, now): (&HoldRow, &HoldRow)| {
                now.state == seen.state && (now.to_units, now.from_units) == (seen.to_units, seen.from_units)
            };
            if !seen.iter().zip(&after).any(waits) {
                return Ok(after);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn read_each(&self, partner: &PartnerId, seen: &[HoldRow]) -> Result<Vec<HoldRow>, NotDecided> {
        let mut after = Vec::new();
        for hold in seen {
            after.push(self.hold(partner, hold.hold).await?);
        }
        Ok(after)
    }

    /// Takes the decision without a bus: as the scheduler does, and requests the sync that sends the units.
    async fn take(
        &self,
        settings: &PartnerSettings,
        seen: &[HoldRow],
        decision: Decision<'_>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (partner, questions) = (&settings.partner, &questions(seen, decision));
        let ids: &Vec<RequestId> = &questions
            .iter()
            .map(|_| RequestId::new(self.entropy.uuid(now).to_string()).expect("a UUID is short and plain"))
            .collect();
        let mut companies: Vec<CompanyId> = self
            .store
            .transaction("decide_holds", |tx| {
                Box::pin(async move {
                    store::jobs::runs::hold_partner(tx, partner).await?;
                    let mut companies = Vec::new();
                    for ((hold, other), id) in questions.iter().zip(ids) {
                        let persons = PersonsDecision {
                            decision: id,
                            hold: hold.hold,
                            approves: decision.approves,
                            units: hold.to_units,
                            other_units: other.map(|other| other.to_units),
                            from: Some(hold.from_units),
                            other_from: other.map(|other| other.from_units),
                            by: decision.by,
                        };
                        if let holds::Decision::Taken(_) = holds::decide(tx, partner, &persons, now).await? {
                            companies.extend(hold.companies.iter().cloned());
                        }
                    }
                    Ok::<_, StoreError>(companies)
                })
            })
            .await?;
        companies.sort_unstable();
        companies.dedup();
        let on = settings.integration.as_ref().is_some_and(|known| known.state == IntegrationState::On);
        if let (true, true, Some(id), false) = (decision.approves, on, ids.first(), companies.is_empty()) {
            let order = SyncOrder { companies: &companies, plan: false, by: decision.by };
            self.leave_request(partner, id, &sync_requests::message(partner, id, order)).await?;
        }
        Ok(())
    }
}

/// One message per hold, and one for both halves of a plan switch: the first half that can be decided, with the
/// other.
fn questions<'a>(seen: &'a [HoldRow], decision: Decision<'_>) -> Vec<(&'a HoldRow, Option<&'a HoldRow>)> {
    let mut questions: Vec<(&HoldRow, Option<&HoldRow>)> = Vec::new();
    for hold in seen.iter().filter(|hold| decision.applies_to(hold)) {
        if !questions.iter().any(|(asked, _)| asked.is_half_with(hold)) {
            questions.push((hold, seen.iter().find(|other| other.is_half_with(hold))));
        }
    }
    questions
}
