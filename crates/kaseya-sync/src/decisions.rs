//! `holds PARTNER approve` and `dismiss`: decides one hold, or all open ones.

use std::collections::BTreeMap;

use anyhow::Context as _;
use comfy_table::ColumnConstraint;
use domain::HoldId;
use operations::{
    Advising,
    decisions::{self, Decision, NotDecided, NotYetSent, Outcome, Shown, Which},
};
use store::settings::PartnerSettings;

use crate::{command_line::Decided, ended::Ended, hold_text, installation::Installation, output};

pub(crate) async fn command(
    installation: &Installation,
    settings: &PartnerSettings,
    decided: &Decided,
    approves: bool,
) -> anyhow::Result<Ended> {
    let decision = Decision { approves, by: &decided.by };
    let shown = decided.to.map(|to| Shown { from: decided.from, to });
    match &decided.hold {
        Some(hold) => one(installation, settings, (HoldId::parse(hold)?, shown), decision).await,
        None => all(installation, settings, decision).await,
    }
}

async fn one(
    installation: &Installation,
    settings: &PartnerSettings,
    (id, shown): (HoldId, Option<Shown>),
    decision: Decision<'_>,
) -> anyhow::Result<Ended> {
    let (partner, those) = (&settings.partner, BTreeMap::from([(id, shown)]));
    let operations = installation.operations(installation.bus()?)?;
    let decided = match operations
        .by(&Installation::actor(decision.by))
        .decide(settings, Which::Those(&those), decision)
        .await
    {
        Err(error @ NotDecided::UnknownHold(_)) => {
            return Err(error).with_context(|| {
                format!("{partner} has no hold {id}; `kaseya-sync holds {partner}` lists them")
            });
        }
        decided => decided?,
    };
    let not_yet = operations.not_yet_sent(settings, decision, &decided).await?;
    for decided in &decided {
        let hold = &decided.hold;
        if decided.outcome != Outcome::Taken {
            output::complain(&format_args!("{}: {}", hold.hold, word(&decided.outcome, decision)));
            say_numbers(settings, decided, decision);
            return Ok(Ended::Refused);
        }
        let effect = match (decision.approves, not_yet) {
            (false, _) => "Kaseya stays as it is".to_owned(),
            (true, None) => format!("{} units are sent", hold.to_units),
            (true, Some(_)) => format!("{} units wait to be sent", hold.to_units),
        };
        output::say(&format_args!("{} is {}: {effect}", hold.hold, word(&decided.outcome, decision)))?;
    }
    say_wait(installation, settings, not_yet);
    Ok(Ended::InOrder)
}

/// Prints what keeps approved units from being sent.
fn say_wait(installation: &Installation, settings: &PartnerSettings, not_yet: Option<NotYetSent>) {
    match not_yet {
        None => {}
        Some(NotYetSent::Off) => {
            output::tell(&"JOB-01: the integration is off; nothing is sent until it is on");
        }
        Some(NotYetSent::Waits(wait)) => {
            let now = installation.clock.now().to_zoned(settings.zone().clone());
            let reader = advice::Reader { language: advice::Language::English, now };
            output::tell(&advice::wait(&wait, &reader));
        }
    }
}

/// Prints the command that decides a hold with its current numbers.
fn say_numbers(settings: &PartnerSettings, decided: &decisions::Decided, decision: Decision<'_>) {
    if !matches!(decided.outcome, Outcome::OtherUnits(_) | Outcome::OtherFrom(_)) {
        return;
    }
    let verb = if decision.approves { "approve" } else { "dismiss" };
    let command = hold_text::command(&settings.partner, verb, &decided.hold);
    output::complain(&format_args!("it is decided with its numbers: {command}"));
}

async fn all(
    installation: &Installation,
    settings: &PartnerSettings,
    decision: Decision<'_>,
) -> anyhow::Result<Ended> {
    let operations = installation.operations(installation.bus()?)?;
    let decided =
        operations.by(&Installation::actor(decision.by)).decide(settings, Which::AllOpen, decision).await?;
    if decided.is_empty() {
        output::say(&"nothing waits for a person")?;
        return Ok(Ended::InOrder);
    }
    let now = installation.clock.now();
    let advising = installation
        .store
        .transaction("read_facts", |tx| Box::pin(Advising::read(tx, settings, now)))
        .await?;
    let mut table =
        output::table(&["hold", "companies", "contract", "service", "from", "to", "brake", "decided"]);
    for decided in &decided {
        let [hold, companies, contract, service, from, to, _, brake, ..] =
            hold_text::row(&decided.hold, &advising);
        let word = word(&decided.outcome, decision);
        table.add_row([hold, companies, contract, service, from, to, brake, word]);
    }
    if let Some(id) = table.column_mut(0) {
        id.set_constraint(ColumnConstraint::ContentWidth);
    }
    output::say(&table)?;
    for decided in &decided {
        say_numbers(settings, decided, decision);
    }
    say_wait(installation, settings, operations.not_yet_sent(settings, decision, &decided).await?);
    let in_order = decided.iter().all(|decided| decided.outcome == Outcome::Taken);
    Ok(if in_order { Ended::InOrder } else { Ended::Refused })
}

fn word(outcome: &Outcome, decision: Decision<'_>) -> String {
    match outcome {
        Outcome::Taken if decision.approves => "approved".to_owned(),
        Outcome::Taken => "dismissed".to_owned(),
        Outcome::NotOpen(state) => format!("it is not open any more: it is {state}"),
        Outcome::OtherUnits(units) => format!("another number is held by now, {units}: look again"),
        Outcome::OtherFrom(units) => format!("Kaseya shows {units} by now: look again"),
        Outcome::Unheard => format!("not taken in {:?}; does a scheduler run?", decisions::TAKEN_WITHIN),
    }
}
