//! Accessibility errors that axe-core finds on a page.

use anyhow::Context as _;
use serde_json::Value;

use crate::Browser;

/// Returns one line for each element that violates a rule of WCAG 2.1, level A or AA.
const RUN: &str = r#"
const done = arguments[arguments.length - 1];
const rules = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] };
axe.run(document, { runOnly: rules, resultTypes: ["violations"] }).then(
    results => done(results.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`))),
    error => done([`axe-core failed: ${error}`]),
);
"#;

impl Browser {
    /// Every violation of WCAG 2.1 AA on the current page, in words.
    pub async fn breaches(&self) -> anyhow::Result<Vec<String>> {
        let file = testkit::target_directory().join("npm/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&file)
            .with_context(|| format!("{}, which `tests/run` installs", file.display()))?;
        self.run(&axe, vec![]).await?;
        let lines = self.client.execute_async(RUN, vec![]).await?;
        let lines = lines.as_array().context("a list of breaches")?;
        Ok(lines.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}
