//! `keys new`: a key ring.

use std::path::Path;

use anyhow::Context as _;
use runtime::Context;
use secrecy::ExposeSecret as _;
use vault::KeyRing;

use crate::{data_dir, ended::Ended, output};

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
