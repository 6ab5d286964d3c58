//! The lines of a contract over V1: the routes nobody has published, and what is guessed about them, all in one place.

use domain::{ContractId, LineId, ServiceId};
use egress::{Body, Method};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::{
    BmsError, Session, WriteError,
    answer::{Envelope, Success},
    calls::{Api, Call},
    fields::{self, Problem},
    raw_object::{self, RawObject},
};

/// The routes of a contract's lines, below V1's base; `{contractId}` and `{lineId}` stand for the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRoutes {
    /// Where all lines of a contract are read.
    pub lines: String,
    /// Where one line is written.
    pub line: String,
}

impl Default for LineRoutes {
    fn default() -> Self {
        Self {
            lines: "/finance/contracts/{contractId}/services".to_owned(),
            line: "/finance/contracts/{contractId}/services/{lineId}".to_owned(),
        }
    }
}

/// A line of a contract. What Kaseya shows of it beyond these fields is kept inside, and sent back as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractLine {
    /// The line.
    pub id: LineId,
    /// What it sells.
    pub service_id: ServiceId,
    /// How many; Kaseya answers a decimal, and a fraction stays one here.
    pub units: f64,
    /// The price of one.
    pub unit_price: Option<f64>,
    /// From which day it counts.
    pub effective_date: Option<Date>,
    pub(crate) whole: RawObject,
}

pub(crate) const UNITS: &str = "Units";
pub(crate) const EFFECTIVE_DATE: &str = "EffectiveDate";

impl ContractLine {
    fn parse(raw: RawObject) -> Result<Self, Problem> {
        let whole = &raw.read()?;
        let number = |name| fields::get(whole, name).and_then(Value::as_f64);
        Ok(Self {
            id: LineId(fields::id(whole, "Id", "a line has no id")?),
            service_id: ServiceId(fields::id(whole, "ServiceId", "a line has no service")?),
            units: number(UNITS).ok_or("a line has no units")?,
            unit_price: number("UnitPrice"),
            effective_date: fields::date(whole, EFFECTIVE_DATE, "a line's effective date is none")?,
            whole: raw,
        })
    }

    /// The whole line as it came, with only units and effective date changed: every other field has the same bytes, in
    /// the same place.
    pub(crate) fn with(&self, units: u32, effective: Date) -> RawObject {
        let mut whole = self.whole.clone();
        whole.set(UNITS, &json!(units));
        whole.set(EFFECTIVE_DATE, &json!(format!("{effective}T00:00:00")));
        whole
    }
}

pub(crate) fn parse_lines(success: &Success) -> Result<Vec<ContractLine>, Problem> {
    let rows = raw_object::rows(&success.body)?;
    // A line that is not shown would count as missing.
    if success.total.is_some_and(|total| total > rows.len() as u64) {
        return Err("the answer does not hold all lines");
    }
    rows.into_iter().map(ContractLine::parse).collect()
}

impl Session {
    /// The call that reads a contract's lines.
    pub(crate) fn lines_call(&self, contract: ContractId) -> Call {
        let route = self.line_routes().lines.clone();
        let path = route.replace("{contractId}", &contract.to_string());
        Call { api: Api::V1, method: Method::Get, route, path, query: Vec::new(), envelope: Envelope::V1 }
    }

    /// All lines of a contract.
    pub async fn lines(&self, contract: ContractId) -> Result<Vec<ContractLine>, BmsError> {
        let call = self.lines_call(contract);
        let success = self.read(&call, || Body::None).await?;
        parse_lines(&success).map_err(|problem| self.garbled(&call, problem))
    }

    /// Sets a line's units from a day on. Sent at most once and at once: it never logs in (see [`Session::sign_in`])
    /// and never tries again.
    pub async fn write_units(
        &self,
        contract: ContractId,
        line: &ContractLine,
        units: u32,
        effective: Date,
    ) -> Result<(), WriteError> {
        let route = self.line_routes().line.clone();
        let path =
            route.replace("{contractId}", &contract.to_string()).replace("{lineId}", &line.id.to_string());
        let call = Call {
            api: Api::V1,
            method: Method::Put,
            route,
            path,
            query: Vec::new(),
            envelope: Envelope::V1,
        };
        self.write(&call, Body::JsonText(line.with(units, effective).text())).await
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// Any JSON, nested a little.
    pub(crate) fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn line(text: &str) -> Result<ContractLine, Problem> {
        ContractLine::parse(serde_json::from_str(text).expect("an object was written"))
    }

    fn success(body: &Value) -> Success {
        let total = body.get("TotalRecords").and_then(Value::as_u64);
        Success { result: Value::Null, total, body: body.to_string().into() }
    }

    #[test]
    fn names_are_found_in_any_case_and_keep_their_spelling_and_place() {
        let line = line(
            r#"{"uNITS": 2.5, "ID": 1, "serviceid": 2, "Note": null, "effectiveDate": "2026-01-31T23:00:00Z"}"#,
        )
        .unwrap();
        assert_eq!((line.id, line.service_id, line.units), (LineId(1), ServiceId(2), 2.5));
        assert_eq!((line.unit_price, line.effective_date), (None, Some(date(2026, 1, 31))));
        assert_eq!(
            line.with(14, date(2026, 3, 1)).text(),
            r#"{"uNITS":14,"ID":1,"serviceid":2,"Note":null,"effectiveDate":"2026-03-01T00:00:00"}"#
        );
    }

    #[test]
    fn a_price_goes_back_as_it_was_written() {
        let rest = concat!(
            r#""UnitPrice":3.50,"UnitCost":5.551115123125783e-17,"X":2.71828182845904523536028747135266,"#,
            r#""Y":1E2,"Z":-0.0,"Name":"B\u00fcro \/ \uD83D\uDE00","Nested":{"b" : [1.0,  2], "a":12345678901234567890.10}"#
        );
        let line = line(&format!(r#"{{"Id":1,"ServiceId":2,"Units":3.0,{rest}}}"#)).unwrap();
        assert_eq!(line.unit_price, Some(3.5));
        assert_eq!(
            line.with(3, date(2026, 3, 1)).text(),
            format!(r#"{{"Id":1,"ServiceId":2,"Units":3,{rest},"EffectiveDate":"2026-03-01T00:00:00"}}"#)
        );
    }

    #[test]
    fn a_line_without_its_fields_is_an_error() {
        let good = json!({"Id": 1, "ServiceId": 2, "Units": 3, "EffectiveDate": null});
        assert!(line(&good.to_string()).is_ok());
        for (name, value) in [
            ("Id", json!(null)),
            ("Id", json!(1.5)),
            ("Id", json!("1")),
            ("Id", json!(4_294_967_296_u64)),
            ("ServiceId", json!(null)),
            ("Units", json!(null)),
            ("Units", json!("3")),
            ("EffectiveDate", json!("soon")),
            ("EffectiveDate", json!(5)),
            ("EffectiveDate", json!("éééééééé")),
            ("units", json!(3)),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            assert!(line(&bad.to_string()).is_err(), "{bad:?}");
        }
        assert!(
            line(r#"{"Id":1,"ServiceId":2,"Units":3,"Units":4}"#).is_err(),
            "one name twice, spelled alike"
        );
    }

    #[test]
    fn a_list_that_is_not_whole_is_an_error() {
        let row = json!({"Id": 1, "ServiceId": 2, "Units": 3});
        let shown = |total: Value| success(&json!({"Result": [row], "TotalRecords": total}));
        assert_eq!(parse_lines(&shown(json!(1))).unwrap().len(), 1);
        assert_eq!(parse_lines(&shown(Value::Null)).unwrap().len(), 1);
        assert!(parse_lines(&shown(json!(2))).is_err());
    }

    #[test]
    fn what_is_no_list_of_objects_is_no_list_without_lines() {
        for body in
            [json!({"Result": null}), json!({}), json!({"Result": {}}), json!({"Result": [1]}), json!([])]
        {
            assert!(parse_lines(&success(&body)).is_err(), "{body}");
        }
        let twice = r#"{"Result":[],"result":[{"Id":1,"ServiceId":2,"Units":3}]}"#;
        assert!(parse_lines(&Success { result: Value::Null, total: None, body: twice.into() }).is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(result in any_json(), total: Option<u64>) {
            let body = json!({"Result": result, "TotalRecords": total});
            let _lines = parse_lines(&success(&body));
        }

        /// Values as any JSON writer may write them.
        #[test]
        fn every_other_field_goes_back_byte_for_byte(
            others in prop::collection::vec(("[A-Za-z]{1,12}", any_text()), 0..6),
            at in prop::collection::vec(any::<prop::sample::Index>(), 4),
            units: u32,
        ) {
            let known = [("Id", "1"), ("ServiceId", "2"), ("Units", "7.00"), ("EffectiveDate", r#""2026-01-01T00:00:00""#)];
            let mut fields: Vec<(String, String)> = Vec::new();
            for (name, text) in others {
                let taken = |other: &str| other.eq_ignore_ascii_case(&name);
                if !known.iter().any(|(other, _)| taken(other)) && !fields.iter().any(|(other, _)| taken(other)) {
                    fields.push((name, text));
                }
            }
            for ((name, text), at) in known.into_iter().zip(at) {
                fields.insert(at.index(fields.len() + 1), (name.to_owned(), text.to_owned()));
            }
            let object = |fields: &[(String, String)]| {
                let fields: Vec<String> = fields.iter().map(|(name, text)| format!("\"{name}\":{text}")).collect();
                format!("{{{}}}", fields.join(","))
            };
            let sent = line(&object(&fields)).unwrap().with(units, date(2026, 3, 1)).text();
            for (name, text) in &mut fields {
                match name.as_str() {
                    "Units" => *text = units.to_string(),
                    "EffectiveDate" => *text = r#""2026-03-01T00:00:00""#.to_owned(),
                    _ => {}
                }
            }
            prop_assert_eq!(sent, object(&fields));
        }
    }

    /// A value as it may be written: numbers with needless digits, texts with needless escapes, blanks inside.
    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?",
            r#""([a-z <>€]|\\u00[0-9a-fA-F]{2}|\\/|\\n){0,10}""#,
            any_json().prop_map(|value| value.to_string()),
            any_json().prop_map(|value| serde_json::to_string_pretty(&value).expect("any JSON is written")),
        ]
    }
}
