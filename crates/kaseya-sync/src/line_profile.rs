//! `line-profile`: how V1 returns and accepts a contract's lines; workers, portal and commands all use it.

use std::path::Path;

use anyhow::Context as _;
use domain::PartnerId;
use kaseya::LineProfile;
use store::settings::installation;

use crate::{ended::Ended, installation::Installation, output};

/// A built-in profile by its name, or the profile in a file.
pub(crate) fn named(name_or_file: &str) -> anyhow::Result<LineProfile> {
    if let Some(shipped) = LineProfile::shipped().iter().find(|profile| profile.name() == name_or_file) {
        return Ok(shipped.clone());
    }
    let names: Vec<&str> = LineProfile::shipped().iter().map(LineProfile::name).collect();
    let text = std::fs::read_to_string(Path::new(name_or_file)).with_context(|| {
        format!(
            "{name_or_file} is no file that can be read, and no profile of this program ({})",
            names.join(", ")
        )
    })?;
    LineProfile::parse(&text).with_context(|| name_or_file.to_owned())
}

/// Sets or resets the profile of a partner or of the installation if requested, and shows the profile then in
/// force.
pub(crate) async fn command(
    installation: &Installation,
    partner: Option<String>,
    set: Option<String>,
    reset: bool,
) -> anyhow::Result<Ended> {
    let partner = partner.map(PartnerId::new).transpose().context("--partner")?;
    // Checked before it is stored: a job cannot run with an invalid profile.
    let set = set.as_deref().map(named).transpose()?;
    let store = &installation.store;
    if set.is_some() || reset {
        let text = set.as_ref().map(LineProfile::text);
        let stored = store
            .transaction("set_line_profile", |tx| {
                Box::pin(installation::set_line_profile(tx, partner.as_ref(), text))
            })
            .await?;
        if !stored {
            output::complain(
                &"this partner has no integration yet: set it for the installation, or connect Kaseya first",
            );
            return Ok(Ended::Refused);
        }
    }
    let read = async |partner: Option<&PartnerId>| {
        store.transaction("line_profile", |tx| Box::pin(installation::line_profile(tx, partner))).await
    };
    let of_all = read(None).await?;
    let stored = if partner.is_some() { read(partner.as_ref()).await? } else { of_all.clone() };
    let standing = match (&stored, &partner) {
        (None, _) => "the default of this program",
        (Some(_), None) => "set for the installation",
        (Some(_), Some(_)) if stored == of_all => "that of the installation",
        (Some(_), Some(_)) => "set for this partner",
    };
    output::tell(&standing);
    let text = stored.as_deref().unwrap_or_else(|| LineProfile::shipped()[0].text());
    output::say(&text.trim_end())?;
    // An older program may have stored what this one cannot read: jobs then do not start.
    LineProfile::parse(text)?;
    Ok(Ended::InOrder)
}
