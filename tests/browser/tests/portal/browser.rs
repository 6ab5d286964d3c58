//! Tests of the browser itself, on pages of the tests' own: it finds, shows and checks what is there.

use browser_tests::{Browser, Language, Role, Scheme, Script};
use tempfile::TempDir;

const PAGE: &str = r#"<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A page</title>
<style>@media (prefers-color-scheme: dark) { .light { display: none } }</style>
<main>
<h1>Settings</h1>
<p class="light">by day</p>
<noscript>without scripts</noscript>
<form>
<label>Host name <input name="host" value="old"></label>
<label for="zone">Zone</label><select id="zone"><option>UTC</option><option>Europe/Rome</option></select>
<button type="button" onclick="document.querySelector('h1').textContent += ', ' + navigator.language">Save</button>
<button hidden>Save</button>
</form>
<table>
<tr><th>Company</th><th>Edit</th></tr>
<tr><td>Panificio</td><td><button type="button">Edit</button></td></tr>
<tr><td>O'Hara</td><td><button type="button" onclick="this.closest('tr').cells[0].append(' edited')">Edit</button></td></tr>
</table>
</main></html>"#;

async fn shown(page: &str, language: Language, script: Script) -> anyhow::Result<(Browser, TempDir)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("page.html");
    std::fs::write(&file, page)?;
    let browser = Browser::start(language, script).await?;
    browser.go(&format!("file://{}", file.display())).await?;
    Ok((browser, folder))
}

#[tokio::test]
async fn it_finds_by_role_and_name_and_uses_what_it_finds() -> anyhow::Result<()> {
    let (browser, _folder) = shown(PAGE, Language::Italian, Script::On).await?;
    assert_eq!(browser.title().await?, "A page");
    browser.fill("Host name", "bms.kaseya.com").await?;
    assert_eq!(browser.value("Host name").await?, "bms.kaseya.com");
    browser.choose("Zone", "Europe/Rome").await?;
    browser.click(Role::Button, "Save").await?;
    browser.until_text("Settings, it").await?;
    browser.click_in_row("O'Hara", Role::Button, "Edit").await?;
    assert!(browser.row("edited").await?.contains("O'Hara"));
    assert!(!browser.has(Role::Link, "Save").await?);
    assert!(browser.has(Role::Heading, "Settings, it").await?);
    Ok(())
}

#[tokio::test]
async fn it_shows_a_page_as_wide_and_as_dark_as_asked_and_judges_it() -> anyhow::Result<()> {
    let faint = PAGE.replace("<h1>", "<h1 style='color: #ccc; width: 500px'>");
    let (browser, _folder) = shown(&faint, Language::English, Script::On).await?;
    browser.view(390, Scheme::Dark).await?;
    assert!(!browser.text().await?.contains("by day"));
    assert!(browser.overflow().await? > 100);
    browser.view(1280, Scheme::Light).await?;
    assert!(browser.text().await?.contains("by day"));
    assert_eq!(browser.overflow().await?, 0);
    let breaches = browser.breaches().await?;
    assert!(breaches.len() == 1 && breaches[0].starts_with("color-contrast: h1:"), "{breaches:#?}");
    let picture = browser.picture("the-tests-own-page").await?;
    assert!(std::fs::read(&picture)?.starts_with(b"\x89PNG"));
    std::fs::remove_file(picture)?;
    Ok(())
}

#[tokio::test]
async fn without_scripts_it_finds_and_types_all_the_same() -> anyhow::Result<()> {
    let (browser, _folder) = shown(PAGE, Language::English, Script::Off).await?;
    assert!(browser.text().await?.contains("without scripts"));
    browser.fill("Host name", "new").await?;
    browser.click(Role::Button, "Save").await?;
    assert_eq!(browser.value("Host name").await?, "new");
    assert!(browser.has(Role::Heading, "Settings").await?);
    Ok(())
}
