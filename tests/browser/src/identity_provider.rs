//! A test's own OpenID provider: the npm package `oidc-provider`, which accepts everybody under the email address
//! they type.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;

use crate::{Browser, Role};

/// The portal's client id.
pub(crate) const CLIENT: &str = "kaseya-sync";
/// The client secret.
pub(crate) const SECRET: &str = "a test's own";

/// A running provider. It ends when this value is dropped, and with the test's process, which holds its standard
/// input.
pub(crate) struct IdentityProvider {
    process: Child,
    issuer: String,
}

impl IdentityProvider {
    /// Starts a provider that redirects browsers back to this portal.
    pub(crate) fn start(portal: &str) -> anyhow::Result<Self> {
        let library = testkit::target_directory().join("npm/node_modules/oidc-provider/lib/index.js");
        anyhow::ensure!(library.exists(), "{}, which `tests/run` installs", library.display());
        let mut process = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/identity_provider.mjs"))
            .arg(library)
            .args([&format!("{portal}/sign-in/openid/back"), CLIENT, SECRET])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("node starts the identity provider")?;
        let said = process.stdout.take().context("it is piped")?;
        let mut lines = BufReader::new(said).lines().map_while(Result::ok);
        let issuer = lines.next().context("the identity provider did not start")?;
        // It keeps writing output; unless that is read, it would block.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, issuer })
    }

    /// The issuer URL.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        // A process that has already ended is fine.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Browser {
    /// Goes from the sign-in page to the provider and identifies there; the provider redirects back.
    pub async fn sign_in_as(&self, email: &str) -> anyhow::Result<()> {
        self.click(Role::Link, "Sign in with 127.0.0.1").await?;
        self.fill("E-mail", email).await?;
        self.click(Role::Button, "Continue").await
    }
}
