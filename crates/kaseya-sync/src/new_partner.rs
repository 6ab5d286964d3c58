//! `new-partner`: a partner that sets its integration up in the portal.

use anyhow::Context as _;
use domain::{MAX_NAME, PartnerId, check_text};
use store::{StoreError, settings};

use crate::{ended::Ended, installation::Installation, output};

pub(crate) async fn command(
    installation: &Installation,
    partner: &str,
    name: &str,
    count_zone: &str,
) -> anyhow::Result<Ended> {
    let partner = &PartnerId::new(partner)?;
    let name = name.trim();
    anyhow::ensure!(!name.is_empty(), "--name is how people call the partner");
    check_text(name, MAX_NAME).context("--name")?;
    let known = jiff::tz::TimeZone::get(count_zone).is_ok();
    anyhow::ensure!(known, "--count-zone is no zone of the IANA database; write one such as Europe/Rome");
    let is_new = installation
        .store
        .transaction("new_partner", |tx| {
            Box::pin(async move {
                settings::hold(tx, partner).await?;
                if settings::zones(tx, partner).await?.is_some() {
                    return Ok(false);
                }
                settings::store_partner(tx, partner, name, count_zone).await?;
                Ok::<_, StoreError>(true)
            })
        })
        .await?;
    anyhow::ensure!(is_new, "there is a partner {partner} already; `kaseya-sync apply FILE` changes it");
    output::say(&format_args!("{partner} is there: nothing is set up yet"))?;
    output::tell(&format_args!("now: kaseya-sync token new {partner} --name NAME --role admin"));
    Ok(Ended::InOrder)
}
