//! How every page looks: in both languages, wide and on a phone, light and dark, none with a breach of WCAG 2.1 AA and
//! none wider than its window. The pictures are for people.

use browser_tests::{Browser, Installation, Language, NEWCOMER, READY, Role, Scheme, Script, kaseya};

const WIDTHS: [u32; 2] = [390, 1280];

/// The pages: partner, path below its own, name of the pictures.
const PAGES: [(&str, &str, &str); 2] = [(NEWCOMER, "", "overview-new"), (READY, "", "overview")];

/// Looks at the page that is shown, in every way.
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
async fn every_page_can_be_read_by_everybody_in_both_languages_at_any_width_in_light_and_dark()
-> anyhow::Result<()> {
    let installation = Installation::start(kaseya()).await?;
    installation.newcomer().await?;
    installation.ready_partner()?;
    let mut wrong = Vec::new();
    for language in Language::ALL {
        let named = |page: &str| format!("{page}-{}", language.tag());
        for (partner, path, name) in PAGES {
            let browser = Browser::start(language, Script::On).await?;
            browser.go(&installation.url(&format!("/partners/{partner}{path}"))).await?;
            look(&browser, &named("sign-in"), &mut wrong).await?;
            browser.sign_in(language, &installation.token(partner)?).await?;
            look(&browser, &named(name), &mut wrong).await?;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
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
        if script == Script::Off {
            browser.click(Role::Button, "Language").await?;
        }
        browser.until_text("Kaseya BMS non è ancora collegato").await?;
        browser.click(Role::Button, "Esci").await?;
        browser.until_text("Token di accesso").await?;
        browser.go(&installation.url(&format!("/partners/{NEWCOMER}"))).await?;
        assert_eq!(browser.path().await?, "/sign-in", "a session that was ended lets nobody in");
    }
    Ok(())
}
