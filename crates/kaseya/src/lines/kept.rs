//! Whether a line is the same as before, apart from what a write of its units changes: a field that gets lost on
//! the way, such as a discount, changes the invoice.

use domain::FieldChange;
use serde_json::Value;

use super::{ContractLine, LineFields};
use crate::{
    Session,
    fields::{self, Object},
};

/// The maximum number of fields that are named.
const MOST_NAMED: usize = 5;
/// The maximum number of characters of a name or a value.
const LONGEST: usize = 40;
/// Prefixes of fields with numbers that Kaseya computes from units.
const COMPUTED: [&str; 2] = ["total", "extended"];
/// Parts of field names about the change itself: who made it, when, and which version it is.
const OF_CHANGE: [&str; 7] = ["modified", "updated", "changed", "version", "timestamp", "etag", "margin"];

impl Session {
    /// The fields of a line that differ from before, other than those that follow from the new units and effective
    /// date. A changed price is not among them.
    pub fn fields_changed(&self, before: &ContractLine, now: &ContractLine) -> Vec<FieldChange> {
        fields_changed(before, now, &self.line_profile().fields)
    }

    /// The line's price, if it differs from before.
    pub fn price_changed(&self, before: &ContractLine, now: &ContractLine) -> Option<FieldChange> {
        let (was, is) = before.unit_price.zip(now.unit_price).filter(|(was, is)| was != is)?;
        let name = cut(&self.line_profile().fields.unit_price);
        Some(FieldChange { name, before: Some(was.to_string()), now: Some(is.to_string()) })
    }
}

impl ContractLine {
    /// Of fields that changed with an earlier write, those that still have the value they were left with. Another
    /// value has been set by somebody since.
    pub fn still_changed(&self, fields: &[FieldChange]) -> Vec<FieldChange> {
        if fields.is_empty() {
            return Vec::new();
        }
        let Ok(shown) = self.whole.read() else { return Vec::new() };
        let is_left = |field: &&FieldChange| {
            let shown = text(fields::get(&shown, &field.name));
            let number = |value: &Option<String>| value.as_ref().and_then(|value| value.parse::<f64>().ok());
            shown == field.now || number(&shown).is_some() && number(&shown) == number(&field.now)
        };
        fields.iter().filter(is_left).cloned().collect()
    }
}

pub(crate) fn fields_changed(
    before: &ContractLine,
    now: &ContractLine,
    names: &LineFields,
) -> Vec<FieldChange> {
    let (Ok(was), Ok(is)) = (before.whole.read(), now.whole.read()) else { return Vec::new() };
    let own = |name: &str| {
        let is_price = before.unit_price.is_some() && now.unit_price.is_some();
        names.units.eq_ignore_ascii_case(name)
            || names.effective_date.eq_ignore_ascii_case(name)
            || is_price && names.unit_price.eq_ignore_ascii_case(name)
            || is_of_change(name)
    };
    let lost = was.keys().filter(|name| fields::entry(&is, name).is_none());
    let names = is.keys().chain(lost).filter(|name| !own(name));
    let changed = names.filter_map(|name| {
        let (was, is) = (fields::get(&was, name), fields::get(&is, name));
        let follows = || {
            follows_units(was, is, (before.units, now.units), now.unit_price.or(before.unit_price))
                || follows_date(was, is, before, now)
        };
        (!is_same(was, is) && !follows()).then(|| FieldChange {
            name: cut(name),
            before: text(was),
            now: text(is),
        })
    });
    changed.take(MOST_NAMED).collect()
}

fn is_of_change(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    COMPUTED.iter().any(|begin| name.starts_with(begin)) || OF_CHANGE.iter().any(|part| name.contains(part))
}

/// Missing, null and an empty text are equal; so are 3.50 and 3.5.
fn is_same(was: Option<&Value>, is: Option<&Value>) -> bool {
    let nothing = |value: &Value| matches!(value, Value::Null) || value.as_str() == Some("");
    match (was.filter(|value| !nothing(value)), is.filter(|value| !nothing(value))) {
        (None, None) => true,
        (Some(Value::Object(was)), Some(Value::Object(is))) => is_same_object(was, is),
        (Some(Value::Array(was)), Some(Value::Array(is))) => {
            was.len() == is.len() && was.iter().zip(is).all(|(was, is)| is_same(Some(was), Some(is)))
        }
        (Some(was), Some(is)) => was == is || was.as_f64().is_some() && was.as_f64() == is.as_f64(),
        _ => false,
    }
}

fn is_same_object(was: &Object, is: &Object) -> bool {
    let all = was.keys().chain(is.keys());
    all.into_iter().all(|name| is_same(fields::get(was, name), fields::get(is, name)))
}

/// Whether a number moved with the units: an amount that Kaseya computes, or the units under another name.
fn follows_units(
    was: Option<&Value>,
    is: Option<&Value>,
    (from, to): (f64, f64),
    price: Option<f64>,
) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() <= 0.01 * one.abs().max(1.0);
    // From 0 and to 0 every ratio holds: there only the units themselves and their cost follow.
    let is_of =
        |value: f64, units: f64| near(value, units) || price.is_some_and(|price| near(value, units * price));
    let numbers = was.and_then(Value::as_f64).zip(is.and_then(Value::as_f64));
    numbers.is_some_and(|(was, is)| match (from == 0.0, to == 0.0) {
        (false, false) => (was * to - is * from).abs() <= 0.01 * from.abs().max(to.abs()).max(1.0),
        (false, true) => is == 0.0 && is_of(was, from),
        (true, false) => was == 0.0 && is_of(is, to),
        (true, true) => false,
    })
}

/// Whether a date moved with the effective date.
fn follows_date(was: Option<&Value>, is: Option<&Value>, before: &ContractLine, now: &ContractLine) -> bool {
    let day = |value: Option<&Value>| value.and_then(Value::as_str).and_then(fields::day);
    day(is).is_some() && day(is) == now.effective_date && day(was) == before.effective_date
}

fn text(value: Option<&Value>) -> Option<String> {
    value.map(|value| cut(&value.to_string()))
}

/// The text without control characters, cut to the maximum length.
fn cut(text: &str) -> String {
    let mut cut: String = text.chars().filter(|sign| !sign.is_control()).take(LONGEST).collect();
    if text.chars().count() > LONGEST {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LineProfile, lines::tests::line};

    fn changed(before: &str, now: &str) -> Vec<String> {
        let line = |units: u32, day: &str, more: &str| {
            let text = format!(
                r#"{{"Id": 1, "ServiceId": 2, "Units": {units}, "UnitPrice": 3.50, "EffectiveDate": "{day}T00:00:00"{more}}}"#
            );
            line(&text).expect("a line")
        };
        let (before, now) = (line(9, "2026-01-01", before), line(12, "2026-11-01", now));
        let changes = fields_changed(&before, &now, &LineProfile::default().fields);
        changes
            .into_iter()
            .map(|field| format!("{} {:?} {:?}", field.name, field.before, field.now))
            .collect()
    }

    #[test]
    fn case_e7_a_field_that_a_write_lost_is_named_and_what_follows_from_it_is_not() {
        for (before, now) in [
            ("", ""),
            (r#", "UnitCost": 1.20, "Note": """#, r#", "unitcost": 1.2, "Note": null"#),
            (
                r#", "TotalPrice": 31.5, "Amount": 31.5, "Quantity": 9"#,
                r#", "TotalPrice": 42.0, "Amount": 42.0, "Quantity": 12"#,
            ),
            (r#", "ModifiedOn": "a", "RowVersion": "AAE=""#, r#", "ModifiedOn": "b", "RowVersion": "AAF=""#),
            (r#", "StartsOn": "2026-01-01""#, r#", "StartsOn": "2026-11-01T00:00:00""#),
            (r#", "Unit": {"Id": 1, "Rate": 1.0}"#, r#", "Unit": {"id": 1, "Rate": 1}"#),
        ] {
            assert_eq!(changed(before, now), Vec::<String>::new(), "{before} {now}");
        }
        for (before, now, said) in [
            (r#", "UnitCost": 1.2"#, r#", "UnitCost": 0"#, r#"UnitCost Some("1.2") Some("0")"#),
            (r#", "Discount": 5"#, "", r#"Discount Some("5") None"#),
            ("", r#", "IsTaxable": false"#, r#"IsTaxable None Some("false")"#),
            (
                r#", "ServiceName": "Standard""#,
                r#", "ServiceName": "standard""#,
                r#"ServiceName Some("\"Standard\"") Some("\"standard\"")"#,
            ),
            (
                r#", "Tax": {"Id": 7}"#,
                r#", "Tax": {"Id": 8}"#,
                r#"Tax Some("{\"Id\":7}") Some("{\"Id\":8}")"#,
            ),
            (
                r#", "EndsOn": "2027-01-01""#,
                r#", "EndsOn": "2026-11-01""#,
                r#"EndsOn Some("\"2027-01-01\"") Some("\"2026-11-01\"")"#,
            ),
        ] {
            assert_eq!(changed(before, now), [said], "{before} {now}");
        }
    }

    #[test]
    fn case_e7_a_field_that_is_lost_on_the_way_to_0_or_from_0_is_named_too() {
        let line = |units: u32, more: &str| {
            let text = format!(
                r#"{{"Id": 1, "ServiceId": 2, "Units": {units}, "UnitPrice": 3.50, "EffectiveDate": "2026-01-01T00:00:00"{more}}}"#
            );
            line(&text).expect("a line")
        };
        let names = |before: &ContractLine, now: &ContractLine| -> Vec<String> {
            let changed = fields_changed(before, now, &LineProfile::default().fields);
            changed.into_iter().map(|field| field.name).collect()
        };
        let full = line(9, r#", "Discount": 5, "UnitCost": 1.2, "Amount": 31.5, "Quantity": 9"#);
        let lost = line(0, r#", "Discount": 0, "UnitCost": 0, "Amount": 0, "Quantity": 0"#);
        assert_eq!(names(&full, &lost), ["Discount", "UnitCost"]);
        assert_eq!(names(&lost, &full), ["Discount", "UnitCost"]);
    }
}
