//! The vendor's page as its reader follows it, in its order: a partner that has only just come sets the integration up.

use browser_tests::{Browser, Installation, LOGIN, Language, NEWCOMER, Role, Script, kaseya};

/// What is absent before the first save.
const LATER: [&str; 2] = ["Sync schedule", "Company Mapping"];

#[tokio::test(flavor = "multi_thread")]
async fn s_02_to_s_34_a_newcomer_connects_kaseya_and_sets_a_schedule() -> anyhow::Result<()> {
    let installation = Installation::start(kaseya()).await?;
    installation.newcomer().await?;
    let browser = Browser::start(Language::English, Script::On).await?;
    browser.go(&installation.url("/")).await?;
    browser.sign_in(Language::English, &installation.token(NEWCOMER)?).await?;
    reaches_the_form(&browser).await?;
    is_told_what_is_wrong(&browser).await?;
    authenticates(&browser, &installation).await?;
    saves_as_off(&browser).await?;
    sets_a_schedule(&browser).await?;
    sees_all_companies(&browser).await
}

async fn reaches_the_form(browser: &Browser) -> anyhow::Result<()> {
    // S-04, S-05: from the menu to the tile, and from the tile to the form.
    browser.click(Role::Link, "Integrations").await?;
    browser.find(Role::Heading, "Available integrations").await?;
    let tile = "Kaseya BMS not connected Counts your clients' users and keeps the units on their Kaseya contracts equal.";
    browser.click(Role::Link, tile).await?;

    // S-02, S-03: what to have ready, and how the user is made.
    browser.until_text("Have these four things ready").await?;
    let page = browser.text().await?;
    for word in
        ["host name", "user name", "password", "name of your company", "API Employee", "Has API Access"]
    {
        assert!(page.contains(word), "S-02, S-03: {word} is not in {page}");
    }

    // S-19: what comes after the first save is not there yet.
    for tab in LATER {
        assert!(!browser.has(Role::Link, tab).await?, "S-19: {tab}");
    }
    Ok(())
}

async fn is_told_what_is_wrong(browser: &Browser) -> anyhow::Result<()> {
    // S-03: all four are required, and an empty one is named.
    browser.click(Role::Button, "Save").await?;
    browser.until_text("Nothing is stored yet").await?;
    let missing = browser.text().await?.matches("This must be filled in.").count();
    assert!(missing >= 4, "S-03: {missing} fields are named");

    // S-10: a password is not readable.
    assert_eq!(browser.field("Password").await?.prop("type").await?.as_deref(), Some("password"), "S-10");
    Ok(())
}

async fn authenticates(browser: &Browser, installation: &Installation) -> anyhow::Result<()> {
    let (user, password, company) = LOGIN;
    let base = installation.kaseya.base_url();
    browser.fill("Host name", "https://bms.aurora.example/").await?;
    browser.fill("User name", user).await?;
    browser.fill("Company name", company).await?;
    if !browser.has(Role::Textbox, "Address of V2").await? {
        browser.click(Role::Disclosure, "Own addresses of the interface").await?;
    }
    browser.fill("Address of V2", &base).await?;
    browser.fill("Address of V1", &format!("{base}/api")).await?;

    // S-13, S-14: a refusal says why, and the same values are not sent again.
    browser.fill("Password", "mistyped").await?;
    browser.click(Role::Button, "Authenticate").await?;
    browser.until_text("AUTH-01").await?;
    assert_eq!(installation.kaseya.logins().v2_refused, 1, "S-12: real logins");

    // S-08: what is more than a host is stripped, and said so.
    browser.until_text("Only the host is kept: bms.aurora.example").await?;
    browser.fill("Host name", "bms.aurora.example").await?;
    browser.fill("Password", "mistyped").await?;
    browser.click(Role::Button, "Authenticate").await?;
    browser.until_text("Kaseya refused these very values").await?;
    assert_eq!(installation.kaseya.logins().v2_refused, 1, "S-14: never tried twice");

    // S-12, S-13: the values on screen are right: a tick per right, and nothing is stored or changed.
    browser.fill("Password", password).await?;
    browser.click(Role::Button, "Authenticate").await?;
    browser.until_text("The connection works.").await?;
    let page = browser.text().await?;
    for right in ["Accounts can be read", "Contracts can be read", "Services can be read"] {
        assert!(page.contains(right), "S-13: {right} is not in {page}");
    }
    assert!(installation.kaseya.history().is_empty(), "S-13: nothing is changed in Kaseya");
    let partner = domain::PartnerId::new(NEWCOMER)?;
    let store = installation.store().await?;
    let read = store.transaction("look", |tx| Box::pin(store::settings::read(tx, &partner))).await?;
    assert!(read.is_some_and(|partner| partner.integration.is_none()), "S-13: nothing is stored");
    Ok(())
}

async fn saves_as_off(browser: &Browser) -> anyhow::Result<()> {
    // S-15: the switch and Save are two things; saved as off.
    let switch = browser.find(Role::Checkbox, "Enable the integration").await?;
    if switch.is_selected().await? {
        switch.click().await?;
    }
    browser.fill("Day of the month on which Kaseya makes your invoices", "5").await?;
    browser.click(Role::Button, "Save").await?;
    browser.until_text("Saved.").await?;

    // S-11, S-15: what was saved is there, the password is not; S-19: now the tabs are.
    assert_eq!(browser.value("Host name").await?, "bms.aurora.example", "S-15");
    assert_eq!(browser.value("Password").await?, "", "S-11: never returned");
    for tab in LATER {
        browser.find(Role::Link, tab).await?;
    }
    Ok(())
}

async fn sets_a_schedule(browser: &Browser) -> anyhow::Result<()> {
    // S-26: weekly needs a weekday; a whole hour and a zone.
    browser.click(Role::Link, "Sync schedule").await?;
    browser.click(Role::Radio, "every week").await?;
    browser.choose("Weekday, if weekly", "–").await?;
    browser.fill("Time zone", "Europe/Rome").await?;
    browser.click(Role::Button, "Save").await?;
    browser.until_text("This must be filled in.").await?;
    browser.choose("Weekday, if weekly", "Monday").await?;
    browser.click(Role::Button, "Save").await?;
    browser.until_text("Saved.").await?;
    let page = browser.text().await?;
    assert!(page.contains("The next three syncs"), "S-26: {page}");

    // S-29: the page says in instants whether the schedule is in time for the invoices.
    assert!(
        page.contains("before the invoices of") || page.contains("misses the invoices of"),
        "S-29: {page}"
    );

    // S-17: while it is off, Sync now sends nothing and says why.
    browser.click(Role::Button, "Sync now").await?;
    browser.until_text("JOB-01").await
}

async fn sees_all_companies(browser: &Browser) -> anyhow::Result<()> {
    // S-34: all companies appear, also those that nobody has mapped, with their numbers.
    browser.click(Role::Link, "Companies").await?;
    browser.until_text("7 companies").await?;
    let row = browser.row("Panificio Niccolò & Figli").await?.text().await?;
    assert!(row.contains("14") && row.contains("never"), "S-34, S-39: {row}");
    browser.fill("Search a company, account or contract", "verdi\n").await?;
    browser.until_text("1 company").await?;
    browser.row("Officina Verdi").await.map(drop)
}
