//! From the tile to a schedule.

use browser_tests::{LOGIN, NEWCOMER, Role};

use crate::person::Person;

/// Pages below the partner's that do not exist before the first save.
const LATER: [&str; 3] =
    ["/integrations/kaseya-bms/products", "/integrations/kaseya-bms/schedule", "/companies/niccolo/mapping"];

/// The tabs that do not exist before the first save.
fn later_tabs(person: &Person<'_>) -> [&'static str; 3] {
    person.say(
        ["Product mappings", "Sync schedule", "Company Mapping"],
        ["Mappature dei prodotti", "Programma di sincronizzazione", "Mappatura aziendale"],
    )
}

pub(crate) async fn reaches_the_form(person: &Person<'_>) -> anyhow::Result<()> {
    // S-19: the pages that follow the first save are not found yet.
    for page in LATER {
        person.visit(page).await?;
        let no_page = person.say("There is no such page", "Questa pagina non esiste");
        assert!(person.has(Role::Heading, no_page).await?, "S-19: {page}");
    }

    // S-04, S-05: from the menu to the tile, and from the tile to the form.
    person.visit("").await?;
    person.click(Role::Link, person.say("Integrations", "Integrazioni")).await?;
    person.find(Role::Heading, person.say("Available integrations", "Integrazioni disponibili")).await?;
    let tile = person.say(
        "Kaseya BMS not connected Counts your clients' users and keeps the units on their Kaseya contracts equal.",
        "Kaseya BMS non collegato Conta gli utenti dei tuoi clienti e mantiene uguali le unità sui loro contratti Kaseya.",
    );
    person.click(Role::Link, tile).await?;

    // S-01 to S-03: the direction, what to have ready, and how to create the user.
    person.until_text(person.say("Have these four things ready", "Tieni pronte queste quattro cose")).await?;
    let ready = person.say(
        ["from here to Kaseya, never back", "host name", "user name", "the password", "name of your company"],
        [
            "da qui a Kaseya, mai al contrario",
            "nome host",
            "nome utente",
            "la password",
            "nome della tua azienda",
        ],
    );
    person.reads("S-01, S-02", &ready).await?;
    person.reads("S-03", &["API Employee", "Internal", "Has API Access"]).await?;
    for tab in later_tabs(person) {
        assert!(!person.has(Role::Link, tab).await?, "S-19: {tab}");
    }
    Ok(())
}

pub(crate) async fn is_told_what_is_wrong(person: &Person<'_>) -> anyhow::Result<()> {
    // S-03: all four are required, and the page names an empty one.
    person.save(person.say("Nothing is stored yet", "Nulla è stato ancora salvato")).await?;
    let must = person.say("This must be filled in.", "Questo campo è obbligatorio.");
    let missing = person.text().await?.matches(must).count();
    assert!(missing >= 4, "S-03: {missing} fields are named");

    // S-10: a password is not readable.
    let kind = person.field("Password").await?.prop("type").await?;
    assert_eq!(kind.as_deref(), Some("password"), "S-10");
    Ok(())
}

pub(crate) async fn authenticates(person: &Person<'_>) -> anyhow::Result<()> {
    let (user, password, company) = LOGIN;
    let kaseya = &person.installation.kaseya;
    let base = kaseya.base_url();
    let host = person.say("Host name", "Nome host");
    let authenticate = person.say("Authenticate", "Autentica");
    person.fill(host, "https://bms.aurora.example/").await?;
    person.fill(person.say("User name", "Nome utente"), user).await?;
    person.fill(person.say("Company name", "Nome dell'azienda"), company).await?;
    let v2 = person.say("Address of V2", "Indirizzo di V2");
    if !person.has(Role::Textbox, v2).await? {
        let own = person.say("Custom API addresses", "Indirizzi API personalizzati");
        person.click(Role::Disclosure, own).await?;
    }
    person.fill(v2, &base).await?;
    person.fill(person.say("Address of V1", "Indirizzo di V1"), &format!("{base}/api")).await?;

    // S-13, S-14: a refusal says why, and the same values are not sent again.
    person.fill("Password", "mistyped").await?;
    person.click(Role::Button, authenticate).await?;
    person.until_text("AUTH-01").await?;
    assert_eq!(kaseya.logins().v2_refused, 1, "S-12: real logins");

    // S-08: anything beyond a host is stripped, and the page says so.
    let kept = person.say("Only the host is kept", "Viene tenuto solo l'host");
    person.until_text(&format!("{kept}: bms.aurora.example")).await?;
    person.fill(host, "bms.aurora.example").await?;
    person.fill("Password", "mistyped").await?;
    person.click(Role::Button, authenticate).await?;
    person
        .until_text(person.say("Kaseya refused the same values", "Kaseya ha rifiutato proprio questi valori"))
        .await?;
    assert_eq!(kaseya.logins().v2_refused, 1, "S-14: never tried twice");

    // S-12, S-13: the values on screen are right: one mark per right, and nothing is stored or changed.
    person.fill("Password", password).await?;
    person.click(Role::Button, authenticate).await?;
    person.until_text(person.say("The connection works.", "La connessione funziona.")).await?;
    let rights = person.say(
        ["Accounts can be read", "Contracts can be read", "Services can be read"],
        ["Gli account sono leggibili", "I contratti sono leggibili", "I servizi sono leggibili"],
    );
    person.reads("S-13", &rights).await?;
    assert!(kaseya.history().is_empty(), "S-13: nothing is changed in Kaseya");
    let partner = domain::PartnerId::new(NEWCOMER)?;
    let store = person.installation.store().await?;
    let read = store.transaction("look", |tx| Box::pin(store::settings::read(tx, &partner))).await?;
    assert!(read.is_some_and(|partner| partner.integration.is_none()), "S-13: nothing is stored");
    Ok(())
}

/// The label of the switch on the connection's page.
pub(crate) fn switch(person: &Person<'_>) -> &'static str {
    person.say("Enable the integration", "Abilita l'integrazione")
}

pub(crate) async fn saves_as_off(person: &Person<'_>) -> anyhow::Result<()> {
    // S-15: the switch and Save are separate; saved as off.
    let switch = person.find(Role::Checkbox, switch(person)).await?;
    if switch.is_selected().await? {
        switch.click().await?;
    }
    let invoice_day = person.say(
        "Day of the month on which Kaseya makes your invoices",
        "Giorno del mese in cui Kaseya emette le tue fatture",
    );
    person.fill(invoice_day, "5").await?;
    person.save(person.say("Saved.", "Salvato.")).await?;

    // S-10, S-15: the saved values are shown, the password is not; S-19: the tabs exist now, although it is off.
    assert_eq!(person.value(person.say("Host name", "Nome host")).await?, "bms.aurora.example", "S-15");
    assert_eq!(person.value("Password").await?, "", "S-10: never returned");
    person.find(Role::Heading, person.say("Kaseya BMS off", "Kaseya BMS disattivata")).await?;
    for tab in later_tabs(person) {
        person.find(Role::Link, tab).await?;
    }
    Ok(())
}

pub(crate) async fn sets_a_schedule(person: &Person<'_>) -> anyhow::Result<()> {
    // S-26: weekly needs a weekday; a whole hour and a zone.
    person.click(Role::Link, person.say("Sync schedule", "Programma di sincronizzazione")).await?;
    person.click(Role::Radio, person.say("every week", "ogni settimana")).await?;
    let weekday = person.say("Weekday, if weekly", "Giorno, se settimanale");
    person.choose(weekday, "–").await?;
    person.fill(person.say("Time zone", "Fuso orario"), "Europe/Rome").await?;
    person.save(person.say("This must be filled in.", "Questo campo è obbligatorio.")).await?;
    person.choose(weekday, person.say("Monday", "lunedì")).await?;
    person.save(person.say("Saved.", "Salvato.")).await?;
    person.reads("S-26", &[person.say("The next three syncs", "Le prossime tre sincronizzazioni")]).await?;

    // S-29: the page says, with dates and times, whether the schedule is in time for the invoices.
    let page = person.text().await?;
    let [in_time, too_late] = person.say(
        ["before the invoices of", "misses the invoices of"],
        ["prima delle fatture del", "non arriva in tempo per le fatture del"],
    );
    let outlook = page.lines().find(|line| line.contains(in_time) || line.contains(too_late));
    assert!(outlook.is_some_and(|line| line.contains(':')), "S-29: {page}");

    // S-17: while it is off, Sync now sends nothing and says why.
    person.click(Role::Button, person.say("Sync now", "Sincronizza ora")).await?;
    person.until_text("JOB-01").await
}
