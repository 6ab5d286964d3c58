//! The browser's own protocol, for what WebDriver has no command for.

use fantoccini::{Client, wd::WebDriverCompatibleCommand};
use serde_json::{Value, json};
use url::{ParseError, Url};

/// One command of the DevTools protocol, which chromedriver forwards.
#[derive(Debug)]
struct Command {
    method: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// Sends the browser this command and returns its response.
pub(crate) async fn call(client: &Client, method: &'static str, parameters: Value) -> anyhow::Result<Value> {
    Ok(client.issue_cmd(Command { method, parameters }).await?)
}
