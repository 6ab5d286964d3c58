//! The rules of an integration as fields of the connection's form.
//!
//! The form also posts the values that its page showed. Only fields that differ from them are saved, so that a page
//! that was opened before somebody else changed a rule does not change it back.

use std::{collections::BTreeMap, fmt::Display};

use domain::{Billing, DriftPolicy, IntegrationSettings, InvoiceDay, NumberSetting};
use serde::{Deserialize, Deserializer};

use crate::words::{self, fill};

/// The field of the drift policy.
const DRIFT: &str = "drift";
/// Before the name of a field whose shown value is posted.
const SHOWN: &str = "shown.";

/// A number of the rules, as a field.
pub(super) struct NumberField {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) help: String,
    pub(super) value: String,
}

/// The values on the page, by field.
pub(super) struct RuleValues {
    values: BTreeMap<String, String>,
    /// The hidden fields: the stored values when the page was first shown.
    pub(super) shown: BTreeMap<String, String>,
}

impl RuleValues {
    /// The stored values; before the first save the defaults.
    pub(super) fn stored(settings: Option<&IntegrationSettings>) -> Self {
        let defaults = IntegrationSettings::new(Billing::Arrears, InvoiceDay::FIRST);
        let settings = settings.unwrap_or(&defaults);
        let number =
            |setting: &NumberSetting| (setting.as_str().to_owned(), setting.of(settings).to_string());
        let mut values: BTreeMap<String, String> = NumberSetting::ALL.iter().map(number).collect();
        values.insert(DRIFT.to_owned(), settings.drift.as_str().to_owned());
        let shown = values.iter().map(|(name, value)| (format!("{SHOWN}{name}"), value.clone())).collect();
        Self { values, shown }
    }

    /// The posted values; the stored ones where nothing was posted.
    pub(super) fn posted(posted: &PostedRules, settings: Option<&IntegrationSettings>) -> Self {
        let mut rules = Self::stored(settings);
        for (name, value) in rules.values.iter_mut().chain(&mut rules.shown) {
            if let Some(posted) = posted.0.get(name) {
                value.clone_from(posted);
            }
        }
        rules
    }

    /// Whether our number is sent again over an edit in Kaseya.
    pub(super) fn sends_ours(&self) -> bool {
        self.values.get(DRIFT).is_some_and(|drift| drift == DriftPolicy::SendOurs.as_str())
    }

    /// The numbers, each with its range and default.
    pub(super) fn numbers(&self, texts: &words::ConnectionRules) -> Vec<NumberField> {
        let field = |setting: &NumberSetting| {
            let (label, help) = texts.number(*setting);
            let range = setting.range();
            let values: [(&str, &dyn Display); 4] = [
                ("help", &help),
                ("least", range.start()),
                ("most", range.end()),
                ("usual", &setting.usual()),
            ];
            let name = setting.as_str();
            let value = self.values.get(name).cloned().unwrap_or_default();
            NumberField { name, label, help: fill(texts.range, &values), value }
        };
        NumberSetting::ALL.iter().map(field).collect()
    }
}

/// The posted fields of the rules, with the values that the page showed.
#[derive(Debug)]
pub(super) struct PostedRules(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for PostedRules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = BTreeMap::<String, String>::deserialize(deserializer)?;
        fields.retain(|name, _| {
            let name = name.strip_prefix(SHOWN).unwrap_or(name);
            name == DRIFT || NumberSetting::parse(name).is_some()
        });
        Ok(Self(fields))
    }
}

impl PostedRules {
    /// The text of a field that differs from what the page showed. An empty field keeps the stored value.
    fn changed(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name)?.trim();
        let is_shown = self.0.get(&format!("{SHOWN}{name}")).is_some_and(|shown| shown == text);
        (!text.is_empty() && !is_shown).then_some(text)
    }

    /// The numbers to set. Text that is not a number counts as out of range.
    pub(super) fn numbers(&self) -> BTreeMap<NumberSetting, i64> {
        let number =
            |setting: &NumberSetting| Some((*setting, self.changed(setting.as_str())?.parse().unwrap_or(-1)));
        NumberSetting::ALL.iter().filter_map(number).collect()
    }

    /// The drift policy to set.
    pub(super) fn drift(&self) -> Option<DriftPolicy> {
        self.changed(DRIFT).and_then(DriftPolicy::parse)
    }
}
