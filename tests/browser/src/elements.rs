//! Elements of the page, found by role and name as assistive technology sees them, and used as a person does.

use anyhow::{Context as _, bail};
use fantoccini::{elements::Element, error::CmdError};
use serde_json::{Value, json};

use crate::{Browser, dev_tools};

/// The JSON key of an element in WebDriver.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The ARIA role of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A button.
    Button,
    /// A checkbox.
    Checkbox,
    /// A drop-down list.
    Combobox,
    /// Opens and closes a part of a page.
    Disclosure,
    /// A heading.
    Heading,
    /// A link.
    Link,
    /// An open list of choices.
    Listbox,
    /// One of several mutually exclusive choices.
    Radio,
    /// A named part of a page.
    Region,
    /// A row of a table.
    Row,
    /// An on/off switch.
    Switch,
    /// A search field.
    Searchbox,
    /// A number field.
    Spinbutton,
    /// A text field.
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
    /// Waits until exactly one element has this role and name, and returns it.
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

    /// The text of the table row that contains these words. There must be exactly one.
    pub async fn row(&self, words: &str) -> anyhow::Result<String> {
        let mut found = None;
        self.until(&format!("one row with {words:?}"), async || {
            found = self.row_now(words).await?;
            Ok(found.is_some())
        })
        .await?;
        Ok(found.context("just found")?.1)
    }

    /// Clicks the element with this role and name in the table row that contains these words.
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

    /// Whether the page currently has an element with this role and name.
    pub async fn has(&self, role: Role, name: &str) -> anyhow::Result<bool> {
        Ok(!self.named(None, role, name).await?.is_empty())
    }

    /// Clicks the only element with this role and name.
    pub async fn click(&self, role: Role, name: &str) -> anyhow::Result<()> {
        self.use_steadily(async || Ok(self.find(role, name).await?.click().await?))
            .await
            .with_context(|| format!("click {role:?} {name:?}"))
    }

    /// Replaces the content of the field with this label.
    pub async fn fill(&self, label: &str, text: &str) -> anyhow::Result<()> {
        self.use_steadily(async || {
            let field = self.field(label).await?;
            field.clear().await?;
            Ok(field.send_keys(text).await?)
        })
        .await
        .with_context(|| format!("type into {label:?}"))
    }

    /// Chooses an option by its text from the list with this label.
    pub async fn choose(&self, label: &str, option: &str) -> anyhow::Result<()> {
        self.use_steadily(async || {
            Ok(self.find(Role::Combobox, label).await?.select_by_label(option).await?)
        })
        .await
        .with_context(|| format!("choose {option:?} from {label:?}"))
    }

    /// Finds and uses an element. Tries again if the page meanwhile learned of a change and showed its main part
    /// again.
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

    /// The content of the field with this label.
    pub async fn value(&self, label: &str) -> anyhow::Result<String> {
        Ok(self.field(label).await?.prop("value").await?.unwrap_or_default())
    }

    /// Waits until exactly one editable field has this label, and returns it.
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

    /// Queries the browser's accessibility tree, which contains nothing hidden.
    async fn all(&self, parent: Option<&Element>, mut query: Value) -> anyhow::Result<Vec<Element>> {
        // The two protocols identify an element differently: an element found by one is passed to the other through
        // the page's window.
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
