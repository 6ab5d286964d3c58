//! A person's actions with scripts off: the browser alone reads and saves every form.

use browser_tests::{Installation, Language, READY, Role, Script, kaseya};

use crate::person::Person;

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_a_mapping_and_a_decision_need_no_scripts() -> anyhow::Result<()> {
    let installation = Installation::start(kaseya()).await?;
    installation.ready_partner()?;
    let person = Person::of(&installation, READY, Language::English, Script::Off).await?;

    // S-12, S-15: tried with the values on screen, then saved.
    person.visit("/integrations/kaseya-bms").await?;
    person.fill("Day of the month on which Kaseya makes your invoices", "7").await?;
    person.click(Role::Button, "Authenticate").await?;
    person.until_text("The connection works.").await?;
    let invoice_day = person.value("Day of the month on which Kaseya makes your invoices").await?;
    assert_eq!(invoice_day, "7", "S-12: what was typed is not lost");
    person.save("Saved.").await?;

    // S-37, S-43: an account is searched and chosen, then its contract.
    person.visit("/companies/nuova/mapping").await?;
    person.fill("Search the accounts in Kaseya", "nuova").await?;
    person.click(Role::Button, "Search").await?;
    person.click(Role::Link, "Nuova Cliente Srl").await?;
    person.save("Choose a contract: a mapping without one is not saved.").await?;
    person.click(Role::Radio, "Managed services Recurring Services · active").await?;
    person.save("Press Sync now").await?;

    // B-01: ticked and dismissed, as several would be.
    person.visit("/holds").await?;
    person.click(Role::Checkbox, "Choose: Studio Legale Bianchi, Password Boss Standard").await?;
    person.click(Role::Button, "Dismiss").await?;
    person.until_text("Your decision is taken.").await?;
    let row = person.row("Studio Legale Bianchi").await?;
    assert!(row.contains("dismissed"), "B-01: {row}");
    Ok(())
}
