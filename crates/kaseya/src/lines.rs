//! The lines of a contract over V1: the routes nobody has published, and what is guessed about them, all in one place.

use domain::{ContractId, LineId, ServiceId};
use egress::{Body, Method};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::{
    BmsError, Session, WriteError,
    answer::{Envelope, Success},
    calls::{Api, Call},
    fields::{self, Object, Problem},
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
    pub(crate) whole: Object,
}

pub(crate) const UNITS: &str = "Units";
pub(crate) const EFFECTIVE_DATE: &str = "EffectiveDate";

impl ContractLine {
    fn parse(whole: &Object) -> Result<Self, Problem> {
        // Two spellings of one name would be two truths, and one of them would be written back.
        let mut names: Vec<String> = whole.keys().map(|name| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("a line has one field twice");
        }
        let number = |name| fields::get(whole, name).and_then(Value::as_f64);
        Ok(Self {
            id: LineId(fields::id(whole, "Id", "a line has no id")?),
            service_id: ServiceId(fields::id(whole, "ServiceId", "a line has no service")?),
            units: number(UNITS).ok_or("a line has no units")?,
            unit_price: number("UnitPrice"),
            effective_date: fields::date(whole, EFFECTIVE_DATE, "a line's effective date is none")?,
            whole: whole.clone(),
        })
    }

    /// The whole line as it came, with only units and effective date changed.
    pub(crate) fn with(&self, units: u32, effective: Date) -> Object {
        let mut whole = self.whole.clone();
        for (name, value) in [(UNITS, json!(units)), (EFFECTIVE_DATE, json!(format!("{effective}T00:00:00")))]
        {
            let spelled = fields::entry(&whole, name).map_or_else(|| name.to_owned(), |(key, _)| key.clone());
            whole.insert(spelled, value);
        }
        whole
    }
}

pub(crate) fn parse_lines(success: &Success) -> Result<Vec<ContractLine>, Problem> {
    let rows = success.rows()?;
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
        let body = Body::Json(Value::Object(line.with(units, effective)));
        self.write(&call, body).await
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

    fn object(value: Value) -> Object {
        let Value::Object(object) = value else { panic!("an object was written") };
        object
    }

    #[test]
    fn names_are_found_in_any_case_and_keep_their_spelling() {
        let whole =
            object(json!({"ID": 1, "serviceid": 2, "uNITS": 2.5, "effectiveDate": "2026-01-31T23:00:00Z"}));
        let line = ContractLine::parse(&whole).unwrap();
        assert_eq!((line.id, line.service_id, line.units), (LineId(1), ServiceId(2), 2.5));
        assert_eq!((line.unit_price, line.effective_date), (None, Some(date(2026, 1, 31))));
        let sent = line.with(14, date(2026, 3, 1));
        assert_eq!(
            Value::Object(sent).to_string(),
            r#"{"ID":1,"effectiveDate":"2026-03-01T00:00:00","serviceid":2,"uNITS":14}"#
        );
    }

    #[test]
    fn a_price_goes_back_to_the_last_bit() {
        let text = r#"{"Id":1,"ServiceId":2,"Units":3.0,"UnitPrice":0.1,"UnitCost":5.551115123125783e-17,"X":2.718281828459045}"#;
        let line = ContractLine::parse(&object(serde_json::from_str(text).unwrap())).unwrap();
        let sent = Value::Object(line.with(3, date(2026, 3, 1))).to_string();
        for kept in
            [r#""UnitPrice":0.1,"#, r#""UnitCost":5.551115123125783e-17,"#, r#""X":2.718281828459045"#]
        {
            assert!(sent.contains(kept), "{sent}");
        }
    }

    #[test]
    fn a_line_without_its_fields_is_an_error() {
        let good = json!({"Id": 1, "ServiceId": 2, "Units": 3, "EffectiveDate": null});
        assert!(ContractLine::parse(&object(good.clone())).is_ok());
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
            let mut bad = object(good.clone());
            bad.insert(name.to_owned(), value);
            assert!(ContractLine::parse(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_list_that_is_not_whole_is_an_error() {
        let row = json!({"Id": 1, "ServiceId": 2, "Units": 3});
        let shown = |total| Success { result: json!([row]), total };
        assert_eq!(parse_lines(&shown(Some(1))).unwrap().len(), 1);
        assert_eq!(parse_lines(&shown(None)).unwrap().len(), 1);
        assert!(parse_lines(&shown(Some(2))).is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(result in any_json(), total: Option<u64>) {
            let _lines = parse_lines(&Success { result, total });
        }

        #[test]
        fn any_line_is_read_without_panic_and_every_other_field_goes_back_equal(
            others in prop::collection::btree_map("[A-Za-z]{1,12}", any_json(), 0..6),
            known in prop::collection::vec(any_json(), 5),
            right: bool,
            units: u32,
        ) {
            let mut whole: Object = others.into_iter().collect();
            for (name, value) in ["Id", "ServiceId", "Units", "UnitPrice", "EffectiveDate"].into_iter().zip(known) {
                whole.retain(|key, _| !key.eq_ignore_ascii_case(name));
                let value = match name {
                    _ if !right => value,
                    "EffectiveDate" => json!("2026-01-01T00:00:00"),
                    "UnitPrice" => value,
                    _ => json!(7),
                };
                whole.insert(name.to_owned(), value);
            }
            let Ok(line) = ContractLine::parse(&whole) else { return Ok(()) };
            let mut sent = line.with(units, date(2026, 3, 1));
            prop_assert_eq!(sent.insert("Units".to_owned(), whole["Units"].clone()), Some(json!(units)));
            prop_assert_eq!(
                sent.insert("EffectiveDate".to_owned(), whole["EffectiveDate"].clone()),
                Some(json!("2026-03-01T00:00:00"))
            );
            prop_assert_eq!(sent, whole);
        }
    }
}
