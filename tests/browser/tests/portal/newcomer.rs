//! The vendor's page as its reader follows it, in its order, in each language: a partner that has only just come sets
//! the integration up.

mod connecting;
mod mapping;

use browser_tests::{Installation, Language, NEWCOMER, Script, kaseya};

use crate::person::Person;

#[tokio::test(flavor = "multi_thread")]
async fn s_02_to_s_43_a_newcomer_sets_everything_up_in_english() -> anyhow::Result<()> {
    sets_everything_up(Language::English).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s_02_to_s_43_a_newcomer_sets_everything_up_in_italian() -> anyhow::Result<()> {
    sets_everything_up(Language::Italian).await
}

async fn sets_everything_up(language: Language) -> anyhow::Result<()> {
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
    mapping::maps_companies(person).await
}
