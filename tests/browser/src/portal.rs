//! A person's actions on the portal that many tests share.

use crate::{Browser, Language, Role};

impl Browser {
    /// Signs in on the page that asks for a token, which must be open, and waits for the next page.
    pub async fn sign_in(&self, language: Language, token: &str) -> anyhow::Result<()> {
        let (label, button) = match language {
            Language::English => ("Access token", "Sign in"),
            Language::Italian => ("Token di accesso", "Accedi"),
        };
        self.fill(label, token).await?;
        self.click(Role::Button, button).await?;
        self.until("it lets in", async || Ok(self.path().await? != "/sign-in")).await
    }
}
