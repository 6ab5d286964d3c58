//! What is on the page, found by role and name as assistive technology is told them, and used as a person does.

use anyhow::{Context as _, bail};
use fantoccini::{elements::Element, error::CmdError};
use serde_json::{Value, json};

use crate::{Browser, dev_tools};

/// The key under which WebDriver writes an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What an element is for, as ARIA names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A button.
    Button,
    /// A box to tick.
    Checkbox,
    /// A list to choose from.
    Combobox,
    /// What opens and closes a part of a page.
    Disclosure,
    /// A heading.
    Heading,
    /// A link.
    Link,
    /// A list to choose from that is open.
    Listbox,
    /// One of several that exclude each other.
    Radio,
    /// Part of a page with a name.
    Region,
    /// A row of a table.
    Row,
    /// An on/off switch.
    Switch,
    /// A field to search with.
    Searchbox,
    /// A field for a number.
    Spinbutton,
    /// A field for text.
    Textbox,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::Checkbox => "checkbox",
            Self::Combobox => "combobox",
            Self::Disclosure => "DisclosureTriangle",
            Self::Heading => "heading",
            Self::Link => "link",
            Self::Listbox => "listbox",
            Self::Radio => "radio",
            Self::Region => "region",
            Self::Row => "row",
            Self::Searchbox => "searchbox",
            Self::Spinbutton => "spinbutton",
            Self::Switch => "switch",
            Self::Textbox => "textbox",
        }
    }
}

impl Browser {
    /// Waits until there is exactly one element with this role and name, and returns it.
    pub async fn find(&self, role: Role, name: &str) -> anyhow::Result<Element> {
        let mut found = Vec::new();
        let waited = self
            .until(&format!("one {} {name:?}", role.name()), async || {
                found = self.named(None, role, name).await?;
                Ok(found.len() == 1)
            })
            .await;
        if found.len() > 1 {
            bail!("{} elements are {} {name:?}. {}", found.len(), role.name(), self.shown().await);
        }
        waited?;
        found.pop().context("just found")
    }

    /// What the table's row says in which these words can be read, of which there must be one.
    pub async fn row(&self, words: &str) -> anyhow::Result<String> {
        let mut found = None;
        self.until(&format!("one row with {words:?}"), async || {
            found = self.row_now(words).await?;
            Ok(found.is_some())
        })
        .await?;
        Ok(found.context("just found")?.1)
    }

    /// Clicks what has this role and name in the table's row in which these words can be read.
    pub async fn click_in_row(&self, words: &str, role: Role, name: &str) -> anyhow::Result<()> {
        self.use_steadily(async || {
            let mut found = Vec::new();
            self.until(&format!("one {} {name:?} in one row with {words:?}", role.name()), async || {
                let Some((row, _)) = self.row_now(words).await? else { return Ok(false) };
                found = self.named(Some(&row), role, name).await?;
                Ok(found.len() == 1)
            })
            .await?;
            Ok(found.pop().context("just found")?.click().await?)
        })
        .await
    }

    async fn row_now(&self, words: &str) -> anyhow::Result<Option<(Element, String)>> {
        let mut rows = Vec::new();
        for row in self.all(None, json!({ "role": Role::Row.name() })).await? {
            let text = row.text().await?;
            if text.contains(words) {
                rows.push((row, text));
            }
        }
        Ok((rows.len() == 1).then(|| rows.remove(0)))
    }

    /// Whether an element with this role and name is on the page now.
    pub async fn has(&self, role: Role, name: &str) -> anyhow::Result<bool> {
        Ok(!self.named(None, role, name).await?.is_empty())
    }

    /// Clicks the one element with this role and name.
    pub async fn click(&self, role: Role, name: &str) -> anyhow::Result<()> {
        self.use_steadily(async || Ok(self.find(role, name).await?.click().await?))
            .await
            .with_context(|| format!("click {role:?} {name:?}"))
    }

    /// Types into the field with this label, in place of what is in it.
    pub async fn fill(&self, label: &str, text: &str) -> anyhow::Result<()> {
        self.use_steadily(async || {
            let field = self.field(label).await?;
            field.clear().await?;
            Ok(field.send_keys(text).await?)
        })
        .await
        .with_context(|| format!("type into {label:?}"))
    }

    /// Chooses an option, by what it says, from the list with this label.
    pub async fn choose(&self, label: &str, option: &str) -> anyhow::Result<()> {
        self.use_steadily(async || {
            Ok(self.find(Role::Combobox, label).await?.select_by_label(option).await?)
        })
        .await
        .with_context(|| format!("choose {option:?} from {label:?}"))
    }

    /// Finds and uses an element once more where the page heard of a change in between, and showed its main part again.
    async fn use_steadily(&self, find_and_use: impl AsyncFn() -> anyhow::Result<()>) -> anyhow::Result<()> {
        loop {
            match find_and_use().await {
                Err(error)
                    if error.downcast_ref::<CmdError>().is_some_and(CmdError::is_stale_element_reference) => {
                }
                used => return used,
            }
        }
    }

    /// What is in the field with this label.
    pub async fn value(&self, label: &str) -> anyhow::Result<String> {
        Ok(self.field(label).await?.prop("value").await?.unwrap_or_default())
    }

    /// Waits until there is exactly one field with this label into which can be typed, and returns it.
    pub async fn field(&self, label: &str) -> anyhow::Result<Element> {
        let mut found = Vec::new();
        self.until(&format!("one field {label:?}"), async || {
            found.clear();
            for role in [Role::Textbox, Role::Searchbox, Role::Spinbutton, Role::Combobox] {
                found.extend(self.named(None, role, label).await?);
            }
            Ok(found.len() == 1)
        })
        .await?;
        found.pop().context("just found")
    }

    async fn named(&self, parent: Option<&Element>, role: Role, name: &str) -> anyhow::Result<Vec<Element>> {
        self.all(parent, json!({ "role": role.name(), "accessibleName": name })).await
    }

    /// Asks the browser's accessibility tree, in which nothing stands that is hidden.
    async fn all(&self, parent: Option<&Element>, mut query: Value) -> anyhow::Result<Vec<Element>> {
        // The protocols know an element by different names: what one finds is handed to the other on the page's window.
        let under = parent.map_or(Ok(Value::Null), serde_json::to_value)?;
        self.run("window.underTest = arguments[0] ?? document", vec![under]).await?;
        let root = self.devtools("Runtime.evaluate", json!({ "expression": "window.underTest" })).await?;
        query["objectId"] = root["result"]["objectId"].clone();
        let found = self.devtools("Accessibility.queryAXTree", query).await?;
        let mut elements = Vec::new();
        for node in found["nodes"].as_array().context("a list of nodes")? {
            if node["ignored"] == true {
                continue;
            }
            let id = json!({ "backendNodeId": node["backendDOMNodeId"] });
            let object = self.devtools("DOM.resolveNode", id).await?;
            let hand_over = "function() { window.underTest = this }";
            let call = json!({ "objectId": object["object"]["objectId"], "functionDeclaration": hand_over });
            self.devtools("Runtime.callFunctionOn", call).await?;
            let element = self.run("return window.underTest", vec![]).await?;
            let id = element[ELEMENT].as_str().context("an element")?.to_owned();
            elements.push(Element::from_element_id(self.client.clone(), id.into()));
        }
        Ok(elements)
    }

    async fn devtools(&self, method: &'static str, parameters: Value) -> anyhow::Result<Value> {
        dev_tools::call(&self.client, method, parameters).await
    }
}
