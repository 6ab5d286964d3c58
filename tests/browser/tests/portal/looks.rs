//! The appearance of every page: in both languages, on a desktop and a phone, light and dark. No page violates WCAG
//! 2.1 AA, and none is wider than its window. The pictures are for people.

use browser_tests::{Browser, EMPTY, Installation, Language, NEWCOMER, READY, Role, Scheme, Script, kaseya};

const WIDTHS: [u32; 2] = [390, 1280];

/// The pages of a partner: path below the partner's, name of the pictures.
type Pages = &'static [(&'static str, &'static str)];

const OF_THE_NEWCOMER: Pages = &[
    ("", "new-overview"),
    ("/integrations", "new-integrations"),
    ("/integrations/kaseya-bms", "new-connection"),
    ("/companies", "new-companies"),
    ("/activity", "new-activity"),
    ("/holds", "new-holds"),
    ("/journal", "new-journal"),
    ("/access", "new-access"),
];

/// A partner with a connection, but with nothing to use it for yet.
const OF_THE_EMPTY: Pages = &[
    ("", "empty-overview"),
    ("/integrations/kaseya-bms/products", "empty-products"),
    ("/integrations/kaseya-bms/schedule", "empty-schedule"),
    ("/companies", "empty-companies"),
];

const OF_THE_READY: Pages = &[
    ("", "overview"),
    ("/integrations", "integrations"),
    ("/integrations/kaseya-bms", "connection"),
    ("/integrations/kaseya-bms/products", "products"),
    ("/integrations/kaseya-bms/products?edit=true", "products-edited"),
    ("/integrations/kaseya-bms/schedule", "schedule"),
    ("/companies", "companies"),
    ("/companies?search=nobody", "companies-none"),
    ("/activity", "activity"),
    ("/holds", "holds"),
    ("/journal", "journal"),
    ("/access", "access"),
    ("/nowhere", "not-found"),
    ("/companies/bianchi", "company-held"),
    ("/companies/alpi", "company-not-sent"),
    ("/companies/niccolo", "company-changed"),
    ("/companies/nuova", "company-not-mapped"),
    ("/companies/niccolo/billing", "billing"),
    ("/companies/nuova/mapping", "mapping-account"),
    ("/companies/verdi/mapping", "mapping-contract"),
];

/// Checks the current page in every width and colour scheme.
async fn look(browser: &Browser, name: &str, wrong: &mut Vec<String>) -> anyhow::Result<()> {
    for (width, scheme) in WIDTHS.iter().flat_map(|width| Scheme::ALL.map(|scheme| (*width, scheme))) {
        browser.view(width, scheme).await?;
        let view = format!("{name}-{width}-{}", scheme.name());
        browser.picture(&view).await?;
        wrong.extend(browser.breaches().await?.into_iter().map(|breach| format!("{view}: {breach}")));
        let overflow = browser.overflow().await?;
        if overflow > 0 {
            wrong.push(format!("{view}: {overflow} pixels are outside the window"));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_can_be_read_by_everybody_in_english() -> anyhow::Result<()> {
    every_page(Language::English).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_can_be_read_by_everybody_in_italian() -> anyhow::Result<()> {
    every_page(Language::Italian).await
}

async fn every_page(language: Language) -> anyhow::Result<()> {
    let installation = Installation::start(kaseya()).await?;
    installation.newcomer().await?;
    installation.ready_partner()?;
    installation.billed_month().await?;
    installation.empty_partner()?;
    let mut wrong = Vec::new();
    for (partner, pages) in [(NEWCOMER, OF_THE_NEWCOMER), (EMPTY, OF_THE_EMPTY), (READY, OF_THE_READY)] {
        let browser = Browser::start(language, Script::On).await?;
        browser.go(&installation.url("/")).await?;
        look(&browser, &format!("sign-in-{}", language.tag()), &mut wrong).await?;
        browser.sign_in(language, &installation.token(partner)?).await?;
        for (path, name) in pages {
            browser.go(&installation.url(&format!("/partners/{partner}{path}"))).await?;
            look(&browser, &format!("{name}-{}", language.tag()), &mut wrong).await?;
        }
        if partner == READY {
            for name in ["sessions", "confirm"] {
                browser.go(&installation.url(name)).await?;
                look(&browser, &format!("{name}-{}", language.tag()), &mut wrong).await?;
            }
            runs(&browser, &installation, language, &mut wrong).await?;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// Checks the pages of a run and of a plan.
async fn runs(
    browser: &Browser,
    installation: &Installation,
    language: Language,
    wrong: &mut Vec<String>,
) -> anyhow::Result<()> {
    let [run, plan, finished] = match language {
        Language::English => ["Run 1", "Show what would change", "finished"],
        Language::Italian => ["Esecuzione 1", "Mostra cosa cambierebbe", "conclusa"],
    };
    let activity = installation.url(&format!("/partners/{READY}/activity"));
    browser.go(&activity).await?;
    browser.click(Role::Link, run).await?;
    browser.until_text(finished).await?;
    look(browser, &format!("run-{}", language.tag()), wrong).await?;
    browser.go(&activity).await?;
    browser.click(Role::Button, plan).await?;
    browser.until_text(finished).await?;
    look(browser, &format!("plan-{}", language.tag()), wrong).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lets_in_and_another_says_why_not_with_scripts_and_without() -> anyhow::Result<()> {
    let installation = Installation::start(kaseya()).await?;
    installation.newcomer().await?;
    let token = installation.token(NEWCOMER)?;
    for script in [Script::On, Script::Off] {
        let browser = Browser::start(Language::English, script).await?;
        browser.go(&installation.url("/")).await?;
        assert_eq!(browser.path().await?, "/sign-in");
        browser.fill("Access token", "ks_mistyped").await?;
        browser.click(Role::Button, "Sign in").await?;
        browser.until_text("This token is not known").await?;
        browser.sign_in(Language::English, &token).await?;
        browser.until_text("Kaseya BMS is not connected yet").await?;
        assert_eq!(browser.path().await?, format!("/partners/{NEWCOMER}"));
        browser.choose("Language", "Italiano").await?;
        match script {
            Script::On => {}
            Script::Off => browser.click(Role::Button, "Language").await?,
        }
        browser.until_text("Kaseya BMS non è ancora collegato").await?;
        let has_button = browser.has(Role::Button, "Lingua").await?;
        assert_eq!(has_button, script == Script::Off, "the button is for those without scripts");
        browser.click(Role::Button, "Esci").await?;
        browser.until_text("Token di accesso").await?;
        browser.go(&installation.url(&format!("/partners/{NEWCOMER}"))).await?;
        assert_eq!(browser.path().await?, "/sign-in", "a session that was ended lets nobody in");
    }
    Ok(())
}
