//! `keys new`: a key ring. `keys rotate`: every stored password sealed with its writing key.

use std::path::Path;

use anyhow::Context as _;
use runtime::Context;
use secrecy::ExposeSecret as _;
use vault::KeyRing;

use crate::{data_dir, ended::Ended, installation::Installation, output};

pub(crate) fn new(context: &Context, id: &str, file: Option<&Path>) -> anyhow::Result<Ended> {
    let ring = KeyRing::generate(id, |bytes| context.entropy.fill(bytes))?;
    match file {
        Some(file) => {
            let written = data_dir::write_secret(file, ring.expose_secret());
            written.with_context(|| format!("the key ring {} is not made", file.display()))?;
            output::tell(&format_args!(
                "{} holds a new key: keep a copy outside the database; without it no stored password can be used",
                file.display()
            ));
        }
        None => output::say(&ring.expose_secret().trim_end())?,
    }
    Ok(Ended::InOrder)
}

pub(crate) async fn rotate(installation: &Installation) -> anyhow::Result<Ended> {
    let keys = installation.keys()?;
    let rotated = installation.operations(None)?.rotate_keys(&keys).await?;
    let (writer, resealed, already) = (keys.writer_id(), rotated.resealed, rotated.already);
    output::say(&format_args!("sealed with the key {writer}: {resealed} passwords now, {already} before"))?;
    if rotated.unopened.is_empty() {
        output::tell(&format_args!("no password needs another key: the `read` lines of the key ring can go"));
        return Ok(Ended::InOrder);
    }
    for partner in &rotated.unopened {
        output::say(&format_args!(
            "{partner}: no key of the ring opens its password; it must be typed again"
        ))?;
    }
    Ok(Ended::NotInOrder)
}
