//! `holds PARTNER`: the changes that wait for a person.

use advice::Language;
use comfy_table::ColumnConstraint;
use operations::Advising;
use store::{holds, settings::PartnerSettings};

use crate::{
    advising, command_line::Decision, decisions, ended::Ended, hold_text, installation::Installation, output,
};

pub(crate) async fn command(
    installation: &Installation,
    partner: &str,
    language: Language,
    decision: Option<Decision>,
) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    match decision {
        None => list(installation, &settings, language).await,
        Some(Decision::Approve(decided)) => decisions::command(installation, &settings, &decided, true).await,
        Some(Decision::Dismiss(decided)) => {
            decisions::command(installation, &settings, &decided, false).await
        }
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
                    holds::standing_holds(tx, &settings.partner).await?,
                    Advising::read(tx, settings, now).await?,
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
        table.add_row(hold_text::row(hold, &advising));
    }
    // The hold's id is meant to be copied: never split it over two lines.
    if let Some(id) = table.column_mut(0) {
        id.set_constraint(ColumnConstraint::ContentWidth);
    }
    output::say(&table)?;
    for pair in holds.windows(2).filter(|pair| pair[0].is_half_with(&pair[1])) {
        let [one, other] = [pair[0].hold, pair[1].hold];
        output::say(&format_args!("{one} and {other} are one plan switch: deciding one decides both"))?;
    }
    for hold in holds.iter().filter(|hold| hold.state == "open" && (hold.from_changed || hold.to_changed)) {
        let approve = hold_text::command(&settings.partner, "approve", hold);
        output::say(&format_args!(
            "{} has changed since it was opened; it is approved with its numbers: {approve}",
            hold.hold
        ))?;
    }
    for hold in &holds {
        let who = format!("{}, {}", hold.hold, advising.names(hold).join(", "));
        advising::say(&advising.of_hold(hold, language), &who, language)?;
    }
    Ok(if holds.iter().any(|hold| hold.state == "open") { Ended::NotInOrder } else { Ended::InOrder })
}
