//! The events announced for a `JobDone`.

use bus::EventTopic;
use domain::{HeldChange, PartnerId, PasswordWarning, RunId};
use jiff::Timestamp;
use messages::{Message, field::wire_instant, v1};
use store::{
    jobs::{closing::EndedRun, run_totals::RunTotals},
    messages::events::NewEvent,
    settings::refused_credentials::UntoldRefusal,
    statuses::outcomes::StoredStatus,
};

fn event<M: Message>(topic: EventTopic, message: &M) -> NewEvent {
    let body = serde_json::to_value(message)
        .expect("a generated type serializes: its fields come from typed values");
    NewEvent { topic: topic.routing_key(), kind: M::KIND, body }
}

pub(crate) fn run_finished(
    partner: &PartnerId,
    run: RunId,
    ended: &EndedRun,
    totals: RunTotals,
    now: Timestamp,
) -> NewEvent {
    let totals = v1::RunTotals {
        companies: Some(totals.companies),
        changed: Some(totals.changed),
        unchanged: Some(totals.unchanged),
        held: Some(totals.held),
        failed: Some(totals.failed),
        skipped: Some(totals.skipped),
    };
    let message = v1::RunFinished {
        number: None,
        partner_id: partner.to_string(),
        run_id: run.to_string(),
        trigger: ended.trigger.clone(),
        finished_at: Some(wire_instant(now)),
        totals: Some(totals),
    };
    event(EventTopic::RunFinished, &message)
}

pub(crate) fn status_changed(
    partner: &PartnerId,
    run: RunId,
    change: &StoredStatus,
    now: Timestamp,
) -> NewEvent {
    let message = v1::CompanyStatusChanged {
        number: None,
        partner_id: partner.to_string(),
        company_id: change.company.to_string(),
        contract_id: change.contract.map(|contract| contract.0),
        state: change.state.as_str().to_owned(),
        code: change.code.map(|code| code.as_str().to_owned()),
        run_id: run.to_string(),
        at: Some(wire_instant(now)),
    };
    event(EventTopic::CompanyStatusChanged, &message)
}

pub(crate) fn credentials_refused(refusal: UntoldRefusal) -> NewEvent {
    let message = v1::CredentialsRefused {
        number: None,
        partner_id: refusal.partner.to_string(),
        code: refusal.code,
        credentials_version: u32::try_from(refusal.credentials_version).ok(),
        at: Some(wire_instant(refusal.at)),
    };
    event(EventTopic::CredentialsRefused, &message)
}

pub(crate) fn password_aging(
    partner: &PartnerId,
    stored_since: Timestamp,
    warning: &PasswordWarning,
    now: Timestamp,
) -> NewEvent {
    let message = v1::PasswordAging {
        number: None,
        partner_id: partner.to_string(),
        stored_since: Some(wire_instant(stored_since)),
        due: Some(wire_instant(warning.due)),
        days_left: Some(warning.days_left(now).into()),
        at: Some(wire_instant(now)),
    };
    event(EventTopic::PasswordAging, &message)
}

pub(crate) fn hold_opened(partner: &PartnerId, hold: &HeldChange, now: Timestamp) -> NewEvent {
    event(EventTopic::HoldOpened, &v1::HoldOpened::of(partner, hold, now))
}
