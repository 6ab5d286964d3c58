//! Maps products to services and companies to accounts and contracts, while the integration is off.

use anyhow::Context as _;
use browser_tests::Role;

use crate::person::Person;

/// The label of an account's contract: its name, type and state.
fn contract(person: &Person<'_>) -> &'static str {
    person.say("Managed services Recurring Services · active", "Managed services Recurring Services · attivo")
}

pub(crate) async fn maps_products(person: &Person<'_>) -> anyhow::Result<()> {
    // S-21, S-22: read-only until edited, with all products, mapped or not.
    person.click(Role::Link, person.say("Product mappings", "Mappature dei prodotti")).await?;
    let no_service = person.say("no service", "nessun servizio");
    for product in ["Standard", "Advanced"] {
        assert!(person.row(product).await?.contains(no_service), "S-22: {product}");
        assert!(!person.has(Role::Combobox, product).await?, "S-21: {product} is read-only");
    }
    person
        .reads(
            "S-24",
            &[person.say("Administration > Finance > Services", "Amministrazione > Finanza > Servizi")],
        )
        .await?;

    // S-18, S-23: although it is off, services are searched live, by part of the name.
    person.click(Role::Link, person.say("✎ Edit", "✎ Modifica")).await?;
    person.until_text(person.say("2 active services", "2 servizi attivi")).await?;
    let search = person.say("Search the services in Kaseya: Standard", "Cerca i servizi in Kaseya: Standard");
    person.fill(search, "stand").await?;
    person.until_text(person.say("1 active service found", "1 servizio attivo")).await?;
    let found =
        person.find(Role::Listbox, "Standard").await.context("S-23: what is found opens by itself")?;
    found.select_by_label("Password Boss Standard").await?;
    person.find(Role::Combobox, "Standard").await.context("S-23: it closes when one is chosen")?;

    // S-25, S-40: stored on Save with one product still without a service; the page names the next step and offers
    // it.
    person.save(person.say("Press Sync now", "Premi Sincronizza ora")).await?;
    assert!(person.row("Password Boss Standard").await?.starts_with("Standard"), "S-20, S-25");
    assert!(person.row("Advanced").await?.contains(no_service), "S-25: unmapped is legal");
    let sync_now = person.say("Sync now", "Sincronizza ora");
    assert!(person.has(Role::Button, sync_now).await?, "S-40");
    Ok(())
}

pub(crate) async fn sees_all_companies(person: &Person<'_>) -> anyhow::Result<()> {
    // S-34: all companies appear, including unmapped ones, with their numbers; S-39: never synced.
    person.click(Role::Link, person.say("Company Mapping", "Mappatura aziendale")).await?;
    person.until_text(person.say("7 companies", "7 aziende")).await?;
    let row = person.row("Panificio Niccolò & Figli").await?;
    assert!(row.contains("14"), "S-34: {row}");
    assert!(row.contains(person.say("never", "mai")), "S-39: {row}");
    let search =
        person.say("Search a company, account or contract", "Cerca un'azienda, un account o un contratto");
    person.fill(search, "verdi").await?;
    person.until_text(person.say("1 company", "1 azienda")).await?;
    person.row("Officina Verdi").await.map(drop)
}

pub(crate) async fn maps_companies(person: &Person<'_>) -> anyhow::Result<()> {
    // S-36: Cancel leaves it unchanged.
    chooses_account(person, "Panificio Niccolò & Figli").await?;
    person.click(Role::Radio, contract(person)).await?;
    person.click(Role::Link, person.say("Cancel", "Annulla")).await?;
    let still = pencil(person, "Panificio Niccolò & Figli");
    person.find(Role::Link, &still).await.context("S-36: cancelled is unchanged, and still to be mapped")?;

    // S-37, S-38: only that account's contracts, of the seven in Kaseya.
    chooses_account(person, "Panificio Niccolò & Figli").await?;
    let contracts = person.text().await?.matches("Managed services").count();
    assert_eq!(contracts, 1, "S-38: {}", person.text().await?);

    // S-43: without a contract nothing is saved, the sentence says so, and the choices stay.
    let sentence = person.say(
        "Choose a contract: a mapping without one is not saved.",
        "Scegli un contratto: senza contratto la mappatura non viene salvata.",
    );
    person.save(sentence).await?;
    person.reads("S-43", &[": Panificio Niccolò & Figli"]).await?;
    saves_with_contract(person).await?;

    for company in ["Studio Legale Bianchi", "Alpi Trasporti Internazionali S.p.A."] {
        chooses_account(person, company).await?;
        saves_with_contract(person).await?;
    }

    // S-38: a contract that cannot be billed cannot be chosen, and says why.
    chooses_account(person, "Officina Verdi").await?;
    person.reads("S-38", &[person.say("it has ended (CON-01)", "è terminato (CON-01)")]).await?;
    person.save(sentence).await
}

/// The name of the link to an unmapped company's mapping.
fn pencil(person: &Person<'_>, company: &str) -> String {
    format!("{} : {company}", person.say("Map", "Associa"))
}

/// Goes from the table, by the pencil, to the account with a name like the company's.
async fn chooses_account(person: &Person<'_>, company: &str) -> anyhow::Result<()> {
    person.visit("/companies").await?;
    person.click(Role::Link, &pencil(person, company)).await?;
    // B-09: suggested by name, confirmed by a person.
    person.until_text(person.say("Suggested by the name", "Suggeriti in base al nome")).await?;
    person.click(Role::Link, company).await?;
    person.until_text(person.say("2. Its contract", "2. Il suo contratto")).await?;
    // S-35: the row is edited in place.
    anyhow::ensure!(person.path().await?.ends_with("/companies"), "S-35: {}", person.path().await?);
    Ok(())
}

/// Confirms the account's contract.
async fn saves_with_contract(person: &Person<'_>) -> anyhow::Result<()> {
    person.click(Role::Radio, contract(person)).await?;
    person.save(person.say("Press Sync now", "Premi Sincronizza ora")).await
}
