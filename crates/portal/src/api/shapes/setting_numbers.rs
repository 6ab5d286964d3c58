//! An integration's numbers as fields of a document. Names, ranges and defaults are `domain`'s.

use std::collections::{BTreeMap, BTreeSet};

use advice::Language;
use domain::{IntegrationSettings, NumberSetting};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use crate::words;

/// The numbers of the stored settings.
pub(crate) struct SettingNumbers(pub(crate) IntegrationSettings);

impl Serialize for SettingNumbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = Map::new();
        for setting in NumberSetting::ALL {
            let (number, (section, name)) = (Value::from(setting.of(&self.0)), setting.path());
            match section {
                None => drop(document.insert(name.to_owned(), number)),
                Some(section) => {
                    let section = document.entry(section).or_insert_with(|| Value::Object(Map::new()));
                    section[name] = number;
                }
            }
        }
        document.serialize(serializer)
    }
}

impl PartialSchema for SettingNumbers {
    fn schema() -> RefOr<Schema> {
        schema(|setting| format!("At first {}.", setting.usual()))
    }
}

impl ToSchema for SettingNumbers {}

/// Numbers to set. Those left out keep their stored value.
#[derive(Default)]
pub(crate) struct NewSettingNumbers(pub(crate) BTreeMap<NumberSetting, i64>);

impl<'de> Deserialize<'de> for NewSettingNumbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Map::deserialize(deserializer)?;
        refuse_unknown(&document).map_err(D::Error::custom)?;
        let number = |setting: &NumberSetting| {
            let (section, name) = setting.path();
            let value = match section {
                None => document.get(name),
                Some(section) => document.get(section)?.get(name),
            };
            // What is not a whole number is out of every range.
            let number = value.filter(|value| !value.is_null())?.as_i64().unwrap_or(-1);
            Some((*setting, number))
        };
        Ok(Self(NumberSetting::ALL.iter().filter_map(number).collect()))
    }
}

/// Refuses fields that are no setting: a misspelt one would be ignored, and its brake would stay as it is.
fn refuse_unknown(document: &Map<String, Value>) -> Result<(), String> {
    let refuse = |known: Option<&str>, document: &Map<String, Value>| {
        let is_known =
            |name: &String| NumberSetting::ALL.iter().any(|setting| setting.path() == (known, name.as_str()));
        document.keys().find(|name| !is_known(name)).map_or(Ok(()), |name| {
            let place = known.map(|known| format!(" in `{known}`")).unwrap_or_default();
            Err(format!("unknown field `{name}`{place}"))
        })
    };
    let mut top = document.clone();
    for section in NumberSetting::ALL.iter().filter_map(|setting| setting.path().0).collect::<BTreeSet<_>>() {
        match top.remove(section) {
            None | Some(Value::Null) => {}
            Some(Value::Object(section_of)) => refuse(Some(section), &section_of)?,
            Some(_) => return Err(format!("`{section}` must be an object")),
        }
    }
    refuse(None, &top)
}

impl PartialSchema for NewSettingNumbers {
    fn schema() -> RefOr<Schema> {
        schema(|setting| format!("Left out, it stays as it is; at first {}.", setting.usual()))
    }
}

impl ToSchema for NewSettingNumbers {}

/// All numbers, each with its range and what it means.
fn schema(stands: impl Fn(NumberSetting) -> String) -> RefOr<Schema> {
    let texts = words::ConnectionRules::of(Language::English);
    let (mut top, mut sections) = (ObjectBuilder::new(), BTreeMap::<&str, ObjectBuilder>::new());
    for setting in NumberSetting::ALL {
        let (range, (section, name)) = (setting.range(), setting.path());
        let (label, help) = texts.number(*setting);
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(*range.start()))
            .maximum(Some(*range.end()))
            .description(Some(format!("{label}. {help} {}", stands(*setting))));
        match section {
            None => top = top.property(name, number),
            Some(section) => {
                let known = sections.remove(section).unwrap_or_default();
                sections.insert(section, known.property(name, number));
            }
        }
    }
    sections.into_iter().fold(top, |top, (name, section)| top.property(name, section)).into()
}
