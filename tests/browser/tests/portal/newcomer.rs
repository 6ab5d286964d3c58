//! Follows the vendor's page in its order, in each language: a new partner sets the integration up, syncs, fixes
//! and decides what needs a person, and switches off.

mod connecting;
mod mapping;
mod syncing;

use browser_tests::{Installation, Language, NEWCOMER, Script, kaseya};

use crate::person::Person;

#[tokio::test(flavor = "multi_thread")]
async fn s_01_to_s_43_a_newcomer_goes_the_whole_way_in_english() -> anyhow::Result<()> {
    the_whole_way(Language::English).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s_01_to_s_43_a_newcomer_goes_the_whole_way_in_italian() -> anyhow::Result<()> {
    the_whole_way(Language::Italian).await
}

async fn the_whole_way(language: Language) -> anyhow::Result<()> {
    let installation = Installation::start(kaseya()).await?;
    installation.newcomer().await?;
    let person = &Person::of(&installation, NEWCOMER, language, Script::On).await?;
    connecting::reaches_the_form(person).await?;
    connecting::is_told_what_is_wrong(person).await?;
    connecting::authenticates(person).await?;
    connecting::saves_as_off(person).await?;
    mapping::maps_products(person).await?;
    connecting::sets_a_schedule(person).await?;
    mapping::sees_all_companies(person).await?;
    mapping::maps_companies(person).await?;
    syncing::switches_on_and_syncs(person).await?;
    syncing::sees_what_failed(person).await?;
    syncing::approves_what_is_held(person).await?;
    syncing::switches_off(person).await
}
