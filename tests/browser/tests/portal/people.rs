//! People who sign in by an identity provider: a real provider of the test's own.

use browser_tests::{Browser, Installation, Language, READY, Role, Script, kaseya, now};
use domain::{MemberId, PartnerId};
use store::access::members::{self, NewMember};

const PIA: &str = "pia@brambilla.example";
const UNVERIFIED: &str = "unverified@brambilla.example";
const STRANGER: &str = "stranger@elsewhere.example";

/// A partner with two members.
async fn installation() -> anyhow::Result<Installation> {
    let installation = Installation::start_with_people(kaseya()).await?;
    installation.ready_partner()?;
    let (store, partner) = (installation.store().await?, PartnerId::new(READY)?);
    for (number, email) in [(1, PIA), (2, UNVERIFIED)] {
        let member = MemberId(testkit::entropy(number).uuid(now()));
        let new = &NewMember { member, partner: &partner, email, role: domain::Role::Editor, by: "the test" };
        store.transaction("invite", |tx| Box::pin(members::add(tx, new, now()))).await?;
    }
    Ok(installation)
}

/// A new visitor's browser, at a page.
async fn visitor(installation: &Installation, path: &str) -> anyhow::Result<Browser> {
    let browser = Browser::start(Language::English, Script::On).await?;
    browser.go(&installation.url(path)).await?;
    Ok(browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_in_by_the_provider_and_out_and_nobody_else_does() -> anyhow::Result<()> {
    let installation = installation().await?;
    let holds = format!("/partners/{READY}/holds");

    // A member is redirected to the provider, back, and on to the requested page, named by the provider's verified
    // address.
    let browser = visitor(&installation, &holds).await?;
    let breaches = browser.breaches().await?;
    assert!(breaches.is_empty(), "{breaches:#?}");
    browser.picture("sign-in-by-provider").await?;
    browser.sign_in_as(PIA).await?;
    browser.until_text("Studio Legale Bianchi").await?;
    assert_eq!(browser.path().await?, holds);
    assert!(browser.text().await?.contains(PIA));

    // Signing out ends the session.
    browser.click(Role::Button, "Sign out").await?;
    browser.find(Role::Link, "Sign in with 127.0.0.1").await?;
    browser.go(&installation.url(&holds)).await?;
    assert_eq!(browser.path().await?, "/sign-in");

    // A response to a sign-in that this browser has not begun is refused, even while it waits for another.
    let made_up = "/sign-in/openid/back?code=stolen&state=made-up";
    let browser = visitor(&installation, made_up).await?;
    browser.until_text("This sign-in was not begun in this browser").await?;
    browser.click(Role::Link, "Sign in with 127.0.0.1").await?;
    browser.find(Role::Textbox, "E-mail").await?;
    browser.go(&installation.url(made_up)).await?;
    browser.until_text("This sign-in was not begun in this browser").await?;
    browser.go(&installation.url("/")).await?;
    assert_eq!(browser.path().await?, "/sign-in", "nobody is signed in");

    // A person who cancels at the provider sees our words, not the provider's.
    browser.click(Role::Link, "Sign in with 127.0.0.1").await?;
    browser.click(Role::Button, "Cancel").await?;
    browser.until_text("The sign-in was not completed there.").await?;
    assert!(!browser.text().await?.contains("cancelled"));

    // A person with an unverified address may be anybody.
    browser.sign_in_as(UNVERIFIED).await?;
    browser.until_text("has not verified your e-mail address").await?;
    browser.go(&installation.url("/")).await?;
    assert_eq!(browser.path().await?, "/sign-in", "nobody is signed in");

    // A person without any membership sees that, and the person to contact.
    let browser = visitor(&installation, "/").await?;
    browser.sign_in_as(STRANGER).await?;
    browser.until_text("You are a member of no company here").await?;
    let page = browser.text().await?;
    assert!(page.contains(STRANGER) && page.contains("Ask an administrator of your company"), "{page}");
    browser.go(&installation.url("/")).await?;
    assert_eq!(browser.path().await?, "/sign-in", "nobody is signed in");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f10_a_member_proves_who_it_is_at_the_provider_before_it_lets_others_in() -> anyhow::Result<()> {
    let installation = Installation::start_with_people(kaseya()).await?;
    installation.ready_partner()?;
    let (store, partner) = (installation.store().await?, PartnerId::new(READY)?);
    let member = MemberId(testkit::entropy(1).uuid(now()));
    let new = &NewMember { member, partner: &partner, email: PIA, role: domain::Role::Admin, by: "the test" };
    store.transaction("invite", |tx| Box::pin(members::add(tx, new, now()))).await?;
    let access = format!("/partners/{READY}/access");
    let pia = visitor(&installation, &access).await?;
    pia.sign_in_as(PIA).await?;
    pia.find(Role::Button, "Make a token").await?;

    // Two hours later the page asks her to confirm, and the provider asks her too, although it still knows her.
    let sql = "update sessions set confirmed_at = confirmed_at - interval '2 hours'";
    store.transaction("pass_hours", |tx| Box::pin(tx.execute(sql, &[]))).await?;
    pia.go(&installation.url(&access)).await?;
    pia.until_text("To change anything here, confirm first that it is you.").await?;
    pia.click(Role::Link, "Confirm").await?;
    pia.click(Role::Link, "Confirm with 127.0.0.1").await?;
    pia.fill("E-mail", STRANGER).await?;
    pia.click(Role::Button, "Continue").await?;
    pia.until_text("has named somebody else than who is signed in here").await?;
    pia.go(&installation.url(&access)).await?;
    assert!(!pia.has(Role::Button, "Make a token").await?, "another person's word is no proof");
    pia.click(Role::Link, "Confirm").await?;
    pia.click(Role::Link, "Confirm with 127.0.0.1").await?;
    pia.fill("E-mail", PIA).await?;
    pia.click(Role::Button, "Continue").await?;
    pia.find(Role::Button, "Make a token").await?;
    assert_eq!(pia.path().await?, access);

    // She sees her other browser's session, ends it, and on signing out learns that the provider still knows her.
    let elsewhere = visitor(&installation, "/").await?;
    elsewhere.sign_in_as(PIA).await?;
    elsewhere.until_text("Sign out").await?;
    pia.go(&installation.url("/sessions")).await?;
    pia.picture("sessions").await?;
    let breaches = pia.breaches().await?;
    assert!(breaches.is_empty(), "{breaches:#?}");
    pia.click(Role::Button, "Sign out everywhere else").await?;
    pia.until("one session is left", async || Ok(!pia.has(Role::Button, "Sign out everywhere else").await?))
        .await?;
    elsewhere.go(&installation.url("/")).await?;
    assert_eq!(elsewhere.path().await?, "/sign-in");
    pia.click(Role::Button, "Sign out").await?;
    pia.until_text("still knows this browser").await?;
    pia.click(Role::Link, "Sign out of 127.0.0.1 too").await?;
    pia.until("the provider's own page", async || Ok(pia.path().await?.contains("/session/end"))).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_lets_a_member_in_and_takes_the_member_away() -> anyhow::Result<()> {
    let installation = Installation::start_with_people(kaseya()).await?;
    installation.ready_partner()?;
    let access = format!("/partners/{READY}/access");
    let admin = visitor(&installation, &access).await?;
    admin.sign_in(Language::English, &installation.token(READY)?).await?;
    admin.until_text("Nobody yet.").await?;
    admin.fill("E-mail", "Ugo@Brambilla.example").await?;
    admin.choose("Role of the member", "viewer: sees everything").await?;
    admin.click(Role::Button, "Add").await?;
    admin.until_text("ugo@brambilla.example").await?;
    assert!(admin.row("ugo@brambilla.example").await?.contains("not yet"));

    let member = visitor(&installation, "/").await?;
    member.sign_in_as("ugo@brambilla.example").await?;
    member.until_text("Sign out").await?;
    assert_eq!(member.path().await?, format!("/partners/{READY}"));
    admin.go(&installation.url(&access)).await?;
    let row = admin.row("ugo@brambilla.example").await?;
    assert!(!row.contains("not yet"), "he was here");
    let breaches = admin.breaches().await?;
    assert!(breaches.is_empty(), "{breaches:#?}");

    admin.click(Role::Button, "Remove: ugo@brambilla.example").await?;
    admin.until_text("Nobody yet.").await?;
    member.go(&installation.url("/")).await?;
    assert_eq!(member.path().await?, "/sign-in", "who is taken away is signed out");
    // The provider still knows him, and does not ask again.
    member.click(Role::Link, "Sign in with 127.0.0.1").await?;
    member.until_text("You are a member of no company here").await?;
    Ok(())
}
