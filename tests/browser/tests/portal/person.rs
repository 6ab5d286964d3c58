//! A person with a browser who speaks one of the portal's languages.

use std::ops::Deref;

use browser_tests::{Browser, Installation, Language, Role, Script};

/// A person signed in to an installation. They can do everything that a browser can.
pub(crate) struct Person<'a> {
    pub installation: &'a Installation,
    pub partner: &'static str,
    pub language: Language,
    browser: Browser,
}

impl Deref for Person<'_> {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl<'a> Person<'a> {
    /// A person of this partner, signed in, on its first page.
    pub async fn of(
        installation: &'a Installation,
        partner: &'static str,
        language: Language,
        script: Script,
    ) -> anyhow::Result<Self> {
        let browser = Browser::start(language, script).await?;
        browser.go(&installation.url("/")).await?;
        browser.sign_in(language, &installation.token(partner)?).await?;
        Ok(Self { installation, partner, language, browser })
    }

    /// The text in the person's language.
    pub fn say<T>(&self, english: T, italian: T) -> T {
        match self.language {
            Language::English => english,
            Language::Italian => italian,
        }
    }

    /// Opens one of the partner's pages by its path.
    pub async fn visit(&self, page: &str) -> anyhow::Result<()> {
        self.go(&self.installation.url(&format!("/partners/{}{page}", self.partner))).await
    }

    /// Presses Save and waits for the message.
    pub async fn save(&self, said: &str) -> anyhow::Result<()> {
        self.click(Role::Button, self.say("Save", "Salva")).await?;
        self.until_text(said).await
    }

    /// Presses Sync now, which leads to a run, and waits until that run has ended.
    pub async fn sync(&self) -> anyhow::Result<()> {
        self.click(Role::Button, self.say("Sync now", "Sincronizza ora")).await?;
        self.until("S-31: the run's own page", async || Ok(self.path().await?.contains("/activity/")))
            .await?;
        self.until_text(self.say("finished", "conclusa")).await
    }

    /// Fails, naming these requirements, unless the page shows all these words.
    pub async fn reads(&self, requirements: &str, words: &[&str]) -> anyhow::Result<()> {
        let page = self.text().await?;
        for word in words {
            assert!(page.contains(word), "{requirements}: {word:?} is not in {page}");
        }
        Ok(())
    }
}
