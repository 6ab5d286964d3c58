//! A person's actions on the pages, in the order of the requirements.

use browser_tests::{Browser, Installation, Language, READY, Role, Script, kaseya};

/// A person of the ready partner, signed in, on the first page.
async fn arrived(installation: &Installation) -> anyhow::Result<Browser> {
    let browser = Browser::start(Language::English, Script::On).await?;
    browser.go(&installation.url("/")).await?;
    browser.sign_in(Language::English, &installation.token(READY)?).await?;
    Ok(browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn s_31_to_s_42_who_needs_a_person_is_seen_explained_decided_and_synced() -> anyhow::Result<()> {
    let installation = Installation::start(kaseya()).await?;
    installation.ready_partner()?;
    let browser = arrived(&installation).await?;

    // S-41: each company has its own status, and a failed one turns no other red.
    for (company, state, code) in [
        ("Officina Verdi", "not sent", "CON-01"),
        ("Alpi Trasporti Internazionali S.p.A.", "not sent", "SVC-01"),
        ("Nuova Cliente Srl", "not mapped", "MAP-01"),
        ("Studio Legale Bianchi", "held", "QTY-01"),
    ] {
        let row = browser.row(company).await?;
        assert!(row.contains(state) && row.contains(code), "S-41: {row}");
    }
    let page = browser.text().await?;
    assert!(page.contains("3 ready") && !page.contains("O'Hara Consulting"), "S-41: {page}");

    // S-42: a failure says what happened, what it means for the invoice, what was done and what to do.
    browser.click(Role::Link, "See what to do : Officina Verdi").await?;
    for part in ["What happened", "On the next invoice", "What we did", "What to do"] {
        browser.until_text(part).await?;
    }
    assert!(browser.has(Role::Button, "Check again").await?, "S-42: the five-part help ends in a button");
    assert!(browser.text().await?.contains("CON-01"), "S-42");

    // S-39: a company says so if Kaseya has never shown our number for it.
    let never = browser.text().await?;
    assert!(never.contains("never"), "S-39: {never}");
    browser.go(&installation.url(&format!("/partners/{READY}/companies/niccolo"))).await?;
    let changed = browser.text().await?;
    assert!(changed.contains("14") && !changed.contains("never"), "S-39: {changed}");

    // B-01: nothing held is sent until approved.
    let units = |state: &kaseya_simulator::State, contract| state.lines(contract).map(|lines| lines[0].units);
    assert_eq!(units(&installation.kaseya.state(), 5003), Some(31.0), "B-01");
    browser.click(Role::Link, "Holds").await?;
    let approve = "Approve: Studio Legale Bianchi, Password Boss Standard, 31 → 0";
    browser.click_in_row("Studio Legale Bianchi", Role::Button, approve).await?;
    installation.kaseya.until(|state| units(state, 5003) == Some(0.0)).await;

    // S-31, S-32: Sync now is acknowledged at once and leads to its run, which ends on the page without a reload.
    installation.kaseya.edit(|state| {
        if let Some(contract) = state.contract_mut(5004) {
            contract.end = None;
        }
    })?;
    browser.click(Role::Link, "Activity").await?;
    browser.click(Role::Button, "Sync now").await?;
    browser
        .until("S-31: the run's own page", async || Ok(browser.path().await?.contains("/activity/")))
        .await?;
    browser.until_text("finished").await?;
    let row = browser.row("Officina Verdi").await?;
    assert!(row.contains("changed"), "S-41: what was fixed is sent: {row}");
    assert_eq!(units(&installation.kaseya.state(), 5004), Some(9.0), "S-20");
    Ok(())
}
