//! Switches on, checks the outcome of a sync, acts on it, and switches off.

use browser_tests::Role;
use kaseya_simulator::State;

use super::connecting::switch;
use crate::person::Person;

/// The units of a contract's first line.
fn units(state: &State, contract: i32) -> Option<f64> {
    Some(state.lines(contract)?.first()?.units)
}

async fn turns_the_switch(person: &Person<'_>) -> anyhow::Result<()> {
    person.visit("/integrations/kaseya-bms").await?;
    person.click(Role::Checkbox, switch(person)).await?;
    person.save(person.say("Saved.", "Salvato.")).await
}

/// The next syncs, as the schedule page lists them.
async fn next_syncs(person: &Person<'_>) -> anyhow::Result<String> {
    person.visit("/integrations/kaseya-bms/schedule").await?;
    let page = person.text().await?;
    let (from, until) = person.say(
        ("The next three syncs", "The count that is billed"),
        ("Le prossime tre sincronizzazioni", "Il conteggio che viene fatturato"),
    );
    let (_, rest) = page.split_once(from).unwrap_or_default();
    Ok(rest.split(until).next().unwrap_or_default().to_owned())
}

pub(crate) async fn switches_on_and_syncs(person: &Person<'_>) -> anyhow::Result<()> {
    let kaseya = &person.installation.kaseya;
    assert!(kaseya.history().is_empty(), "S-16: nothing was sent while it was off");
    turns_the_switch(person).await?;
    person.find(Role::Heading, person.say("Kaseya BMS on", "Kaseya BMS attiva")).await?;

    // S-31 to S-33: Sync now leads to its run, which ends on the page without a reload, and does not move the
    // schedule.
    let before = next_syncs(person).await?;
    assert!(before.contains(':'), "S-26: {before}");
    person.sync().await?;
    let row = person.row("Panificio Niccolò & Figli").await?;
    assert!(row.contains(person.say("changed", "Aggiornata")) && row.contains("12 → 14"), "S-32: {row}");
    assert_eq!(units(&kaseya.state(), 5001), Some(14.0), "S-20");
    assert_eq!(next_syncs(person).await?, before, "S-33: the schedule is not moved");

    // S-39: when Kaseya last showed our number; held and failed companies have no such time.
    person.visit("/companies").await?;
    let never = person.say("never", "mai");
    let row = person.row("Panificio Niccolò & Figli").await?;
    assert!(!row.contains(never), "S-39: {row}");
    for company in ["Studio Legale Bianchi", "Alpi Trasporti Internazionali S.p.A."] {
        let row = person.row(company).await?;
        assert!(row.contains(never), "S-39: {row}");
    }
    Ok(())
}

pub(crate) async fn sees_what_failed(person: &Person<'_>) -> anyhow::Result<()> {
    // S-41: each company has its own status, and a failed one turns no other red.
    let failed = person.say("not sent", "Non inviata");
    let row = person.row("Alpi Trasporti Internazionali S.p.A.").await?;
    assert!(row.contains(failed) && row.contains("SVC-01"), "S-41: {row}");
    for company in ["Panificio Niccolò & Figli", "Studio Legale Bianchi", "O'Hara Consulting"] {
        let row = person.row(company).await?;
        assert!(!row.contains(failed), "S-41: {row}");
    }

    // S-42: the row opens what happened, what it means for the invoice, what was done and what to do.
    person.click(Role::Link, "Alpi Trasporti Internazionali S.p.A.").await?;
    let parts = person.say(
        ["What happened", "On the next invoice", "What we did", "What to do"],
        ["Cosa è successo", "Nella prossima fattura", "Cosa abbiamo fatto", "Cosa fare"],
    );
    person.until_text(parts[0]).await?;
    person.reads("S-42", &parts).await?;
    person.reads("S-42", &["SVC-01"]).await?;
    let again = person.say("Check again", "Verifica di nuovo");
    assert!(person.has(Role::Button, again).await?, "S-42: the five-part help ends in a button");
    Ok(())
}

pub(crate) async fn approves_what_is_held(person: &Person<'_>) -> anyhow::Result<()> {
    // B-01: nothing held is sent until approved; the page then updates without a reload.
    let kaseya = &person.installation.kaseya;
    assert_eq!(units(&kaseya.state(), 5003), Some(31.0), "B-01");
    person.click(Role::Link, person.say("Holds", "Da approvare")).await?;
    let approve = person.say(
        "Approve: Studio Legale Bianchi, Password Boss Standard, 31 → 0",
        "Approva: Studio Legale Bianchi, Password Boss Standard, 31 → 0",
    );
    person.click(Role::Button, approve).await?;
    kaseya.until(|state| units(state, 5003) == Some(0.0)).await;
    person.until_text(person.say("Nothing waits for you.", "Nulla da approvare.")).await?;

    // B-04: the journal has both changes, each with its cause, and is available as a file.
    person.click(Role::Link, person.say("Journal", "Registro")).await?;
    let row = person.row("Studio Legale Bianchi").await?;
    let approved = person.say("approved by a person", "approvata da una persona");
    assert!(row.contains("31 → 0") && row.contains(approved), "B-04: {row}");
    let row = person.row("Panificio Niccolò & Figli").await?;
    assert!(row.contains("12 → 14") && !row.contains(approved), "B-04: {row}");
    let csv = person.say("Download as CSV", "Scarica come CSV");
    assert!(person.has(Role::Link, csv).await?, "B-04");
    Ok(())
}

pub(crate) async fn switches_off(person: &Person<'_>) -> anyhow::Result<()> {
    // S-16: it can be switched off at any time; the page then shows it off without a reload.
    turns_the_switch(person).await?;
    person.find(Role::Heading, person.say("Kaseya BMS off", "Kaseya BMS disattivata")).await?;

    // S-17: Sync now sends nothing and says why; S-18: mappings can be edited, with look-ups.
    let sent = person.installation.kaseya.history().len();
    person.visit("/activity").await?;
    person.click(Role::Button, person.say("Sync now", "Sincronizza ora")).await?;
    person.until_text("JOB-01").await?;
    assert_eq!(person.installation.kaseya.history().len(), sent, "S-17");
    person.visit("/companies/nuova/mapping").await?;
    assert!(person.has(Role::Link, "Nuova Cliente Srl").await?, "S-18: accounts are searched");
    Ok(())
}
