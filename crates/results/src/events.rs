//! The events announced for a `JobDone`.

use bus::EventTopic;
use domain::{HeldChange, PartnerId, PasswordWarning, RunId};
use jiff::Timestamp;
use messages::{Message as _, field::wire_instant, v1};
use store::{
    jobs::{job_end::EndedRun, run_totals::RunTotals},
    messages::events::NewEvent,
    settings::refused_credentials::UnannouncedRefusal,
    statuses::outcomes::StoredStatus,
};

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
    NewEvent::new(EventTopic::RunFinished.routing_key(), v1::RunFinished::KIND, &message)
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
    NewEvent::new(EventTopic::CompanyStatusChanged.routing_key(), v1::CompanyStatusChanged::KIND, &message)
}

pub(crate) fn credentials_refused(refusal: UnannouncedRefusal) -> NewEvent {
    let message = v1::CredentialsRefused {
        number: None,
        partner_id: refusal.partner.to_string(),
        code: refusal.code,
        credentials_version: u32::try_from(refusal.credentials_version).ok(),
        at: Some(wire_instant(refusal.at)),
    };
    NewEvent::new(EventTopic::CredentialsRefused.routing_key(), v1::CredentialsRefused::KIND, &message)
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
    NewEvent::new(EventTopic::PasswordAging.routing_key(), v1::PasswordAging::KIND, &message)
}

pub(crate) fn hold_opened(partner: &PartnerId, hold: &HeldChange, now: Timestamp) -> NewEvent {
    NewEvent::new(
        EventTopic::HoldOpened.routing_key(),
        v1::HoldOpened::KIND,
        &v1::HoldOpened::of(partner, hold, now),
    )
}
