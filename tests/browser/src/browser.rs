//! A browser with one window.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::{dev_tools, driver::Driver};

/// Long enough for a slow machine under load; only a failing test waits for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// The height of a page until a picture of the whole page is taken.
const HEIGHT: u32 = 900;

/// The arguments of every browser in a test: headless, no calls to its vendor, no use of a container's small shared
/// memory, no scroll bars that take a phone's width, and no sandbox, because it does not work as root.
const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// The language that the browser requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Italian.
    Italian,
}

impl Language {
    /// The language tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
        }
    }
}

/// The colour scheme that the person's system prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Scheme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// The name in style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// The default of browsers.
    On,
    /// Some people's setting.
    Off,
}

/// A private browser. Dropping it closes the browser.
#[derive(Debug)]
pub struct Browser {
    pub(crate) client: Client,
    /// Dropping it ends the browser.
    _driver: Driver,
}

impl Browser {
    /// Starts a browser with an empty profile.
    pub async fn start(language: Language, script: Script) -> anyhow::Result<Self> {
        let driver = Driver::start().await?;
        let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).into();
        arguments.push(format!("--user-data-dir={}", driver.directory().join("profile").display()));
        arguments.push(format!("--lang={}", language.tag()));
        arguments.push(format!("--accept-lang={}", language.tag()));
        let mut options = json!({ "args": arguments });
        if script == Script::Off {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let mut connect = HttpConnector::new();
        connect.set_nodelay(true);
        let client = ClientBuilder::new(connect)
            .capabilities(capabilities)
            .connect(driver.url())
            .await
            .with_context(|| format!("start chromium; the driver said: {}", driver.log()))?;
        Ok(Self { client, _driver: driver })
    }

    /// Opens a URL and waits until the page has loaded.
    pub async fn go(&self, url: &str) -> anyhow::Result<()> {
        self.client.goto(url).await.with_context(|| format!("go to {url}"))
    }

    /// The path of the current page.
    pub async fn path(&self) -> anyhow::Result<String> {
        Ok(self.client.current_url().await?.path().to_owned())
    }

    /// The page's title.
    pub async fn title(&self) -> anyhow::Result<String> {
        Ok(self.client.title().await?)
    }

    /// All visible text, as copying would return it.
    pub async fn text(&self) -> anyhow::Result<String> {
        let text = self.run("return document.body.innerText", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until these words are visible.
    pub async fn until_text(&self, words: &str) -> anyhow::Result<()> {
        self.until(&format!("{words:?} can be read"), async || Ok(self.text().await?.contains(words))).await
    }

    /// Waits until `condition` holds. A failure shows the page. An error of the condition counts as "not yet",
    /// because a page may disappear while it is being read.
    pub async fn until(
        &self,
        what: &str,
        mut condition: impl AsyncFnMut() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let mut last = None;
        let reached = async {
            loop {
                match condition().await {
                    Ok(true) => return,
                    Ok(false) => last = None,
                    Err(error) => last = Some(error),
                }
                tokio::time::sleep(POLL).await;
            }
        };
        if tokio::time::timeout(DEADLINE, reached).await.is_ok() {
            return Ok(());
        }
        let because = last.map(|error| format!(" ({error:#})")).unwrap_or_default();
        bail!("not within {DEADLINE:?}: {what}{because}. {}", self.shown().await)
    }

    /// The page in words, for a failing test.
    pub(crate) async fn shown(&self) -> String {
        let url = self.client.current_url().await.map(String::from).unwrap_or_default();
        format!("The page {url} shows:\n{}", self.text().await.unwrap_or_default())
    }

    /// Sets the window's width and the colour scheme.
    pub async fn view(&self, width: u32, scheme: Scheme) -> anyhow::Result<()> {
        let size = json!({ "width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": false });
        dev_tools::call(&self.client, "Emulation.setDeviceMetricsOverride", size).await?;
        let prefers = json!({ "name": "prefers-color-scheme", "value": scheme.name() });
        dev_tools::call(&self.client, "Emulation.setEmulatedMedia", json!({ "features": [prefers] })).await?;
        Ok(())
    }

    /// How many pixels of the page lie to the right of the window, where a person would have to scroll.
    pub async fn overflow(&self) -> anyhow::Result<u64> {
        let script = "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
        self.run(script, vec![]).await?.as_u64().context("a number of pixels")
    }

    /// Writes a picture of the whole page to `target/screenshots/{name}.png`, for people to look at.
    pub async fn picture(&self, name: &str) -> anyhow::Result<PathBuf> {
        let all = json!({ "captureBeyondViewport": true });
        let answer = dev_tools::call(&self.client, "Page.captureScreenshot", all).await?;
        let bytes = STANDARD.decode(answer["data"].as_str().context("a picture")?)?;
        let file = testkit::target_directory().join("screenshots").join(format!("{name}.png"));
        std::fs::create_dir_all(file.parent().context("a folder")?)?;
        std::fs::write(&file, bytes)?;
        Ok(file)
    }

    /// Runs a script in the page; an element among the arguments arrives as an element.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> anyhow::Result<Value> {
        Ok(self.client.execute(script, arguments).await?)
    }
}
