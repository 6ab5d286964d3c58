//! The lines of a contract over V1: the routes nobody has published, and what is guessed about them, all in one place.

use domain::{AccountId, AnswerFault, ContractId, LineId, ServiceId};
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LineRoutes {
    /// Where all lines of a contract are read.
    pub(crate) lines: String,
    /// Where one line is written.
    pub(crate) line: String,
}

/// Why a text is no route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{route:?} is not a route: it must begin with / and contain {lacks}")]
pub struct LineRouteError {
    route: String,
    lacks: &'static str,
}

impl LineRoutes {
    /// Routes instead of the guessed ones.
    pub fn new(lines: &str, line: &str) -> Result<Self, LineRouteError> {
        let check = |route: &str, lacks: &'static str| {
            let plain = route.starts_with('/') && !route.contains(['?', '#', ' ']) && route.contains(lacks);
            if plain { Ok(route.to_owned()) } else { Err(LineRouteError { route: route.to_owned(), lacks }) }
        };
        Ok(Self { lines: check(lines, "{contractId}")?, line: check(line, "{lineId}")? })
    }

    /// The stored routes; the guess where none are stored.
    pub fn stored(routes: Option<(&str, &str)>) -> Result<Self, LineRouteError> {
        routes.map_or_else(|| Ok(Self::default()), |(lines, line)| Self::new(lines, line))
    }

    /// Where all lines of a contract are read, and where one line is written.
    pub fn as_strs(&self) -> (&str, &str) {
        (&self.lines, &self.line)
    }
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
    /// What it shows as its account's id, if anything.
    account: Option<Value>,
    pub(crate) whole: RawObject,
}

pub(crate) const UNITS: &str = "Units";
pub(crate) const EFFECTIVE_DATE: &str = "EffectiveDate";

impl ContractLine {
    fn parse(raw: RawObject, contract: ContractId) -> Result<Self, Problem> {
        let whole = &raw.read()?;
        for name in CONTRACT_IDS {
            fields::names_no_other(whole, name, contract.0)?;
        }
        let nested = fields::get(whole, "Contract").and_then(Value::as_object);
        nested.map_or(Ok(()), |nested| fields::names_no_other(nested, "Id", contract.0))?;
        let number = |name| fields::get(whole, name).and_then(Value::as_f64);
        let nested = fields::get(whole, "Account").and_then(Value::as_object);
        let account = ACCOUNT_IDS.iter().find_map(|name| fields::get(whole, name));
        let account = account.or_else(|| fields::get(nested?, "Id")).cloned();
        Ok(Self {
            account,
            id: LineId(fields::id(whole, "Id", AnswerFault::LineWithoutId)?),
            service_id: ServiceId(fields::id(whole, "ServiceId", AnswerFault::LineWithoutService)?),
            units: number(UNITS).ok_or(AnswerFault::LineWithoutUnits)?,
            unit_price: number("UnitPrice"),
            effective_date: fields::date(whole, EFFECTIVE_DATE, AnswerFault::LineEffectiveDate)?,
            whole: raw,
        })
    }

    /// Whether it shows another account than this one: then it is another client's, or the contract has moved.
    pub fn names_other_account(&self, account: AccountId) -> bool {
        self.account.as_ref().is_some_and(|shown| !fields::names(shown, account.0))
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

/// Rows of one page: V1 is said to give up to a hundred.
const PAGE: usize = 100;

/// The names under which a line may show its contract's id.
const CONTRACT_IDS: [&str; 2] = ["ContractId", "ClientContractId"];
/// The names under which a line may show its account's id.
const ACCOUNT_IDS: [&str; 2] = ["AccountId", "ClientAccountId"];

/// The lines of one page. A line of another contract makes the whole page unusable: whoever ignored which contract was asked for
/// may have left out its own lines too.
pub(crate) fn parse_lines(success: &Success, contract: ContractId) -> Result<Vec<ContractLine>, Problem> {
    let rows = raw_object::rows(&success.body)?;
    rows.into_iter().map(|row| ContractLine::parse(row, contract)).collect()
}

impl Session {
    /// The call that reads a part of a contract's lines. How V1 pages them is a guess by what other V1 lists take.
    pub(crate) fn lines_call(&self, contract: ContractId, skip: usize) -> Call {
        let route = self.line_routes().lines.clone();
        let path = route.replace("{contractId}", &contract.to_string());
        let query = vec![("$top", PAGE.to_string()), ("$skip", skip.to_string())];
        Call { api: Api::V1, method: Method::Get, route, path, query, envelope: Envelope::V1 }
    }

    /// All lines of a contract. What may be a part is an error: a line that is not shown would count as missing.
    pub async fn lines(&self, contract: ContractId) -> Result<Vec<ContractLine>, BmsError> {
        let mut lines: Vec<ContractLine> = Vec::new();
        loop {
            let call = self.lines_call(contract, lines.len());
            let success = self.read(&call, || Body::None).await?;
            let garbled = |problem| self.garbled(&call, problem);
            let page = parse_lines(&success, contract).map_err(garbled)?;
            let (shown, first) = (page.len(), lines.is_empty());
            let added = add_lines(&mut lines, page).map_err(garbled)?;
            // The same lines again: `$skip` is not known there, and the first answer was all there is to get.
            if !first && added == 0 && shown > 0 {
                self.own().lines_come_whole = true;
            }
            let come_whole = self.own().lines_come_whole;
            // Pages that are asked for in another way than this one would look the same.
            if success.total.is_none() && come_whole && looks_full(shown) {
                return Err(garbled(AnswerFault::PartOfList));
            }
            let whole = match success.total {
                // A total that is the page's own count tells nothing where the page is full.
                Some(total) => lines.len() as u64 >= total && (shown < PAGE || added == 0),
                None => added == 0 || come_whole,
            };
            if whole {
                break;
            }
            if added == 0 {
                return Err(garbled(AnswerFault::PartOfList));
            }
        }
        self.claim(contract, &lines)?;
        Ok(lines)
    }

    /// The error for lines of a contract that show another account than the contract's.
    pub fn lines_of_other_account(&self, contract: ContractId) -> BmsError {
        self.garbled(&self.lines_call(contract, 0), AnswerFault::OtherAccount)
    }

    /// The error for lines of a contract with an id that was seen on another one.
    pub fn line_of_other_contract(&self, contract: ContractId) -> BmsError {
        self.garbled(&self.lines_call(contract, 0), AnswerFault::LineOfOtherContract)
    }

    /// Remembers whose lines these are. An id that was seen on another contract belongs to one of the two, and nobody knows to
    /// which.
    fn claim(&self, contract: ContractId, lines: &[ContractLine]) -> Result<(), BmsError> {
        let mut own = self.own();
        let other = |line: &&ContractLine| own.lines.get(&line.id).is_some_and(|owner| *owner != contract);
        if lines.iter().any(|line| other(&line)) {
            drop(own);
            return Err(self.line_of_other_contract(contract));
        }
        own.lines.extend(lines.iter().map(|line| (line.id, contract)));
        Ok(())
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
        let success = self.write(&call, Body::JsonText(line.with(units, effective).text())).await?;
        let same = |row: &fields::Object| {
            let ids = CONTRACT_IDS.iter().map(|name| (*name, contract.0)).chain([("Id", line.id.0)]);
            ids.into_iter().all(|(name, id)| fields::names_no_other(row, name, id).is_ok())
        };
        // An answer about another line says nothing of this one: only a reading tells.
        if success.result.as_object().is_none_or(same) {
            Ok(())
        } else {
            Err(WriteError::Unclear { words: None })
        }
    }
}

/// Whether so many rows may be a page that its server cut by itself: the usual sizes of pages.
fn looks_full(rows: usize) -> bool {
    rows > 0 && (rows.is_multiple_of(10) || rows.is_multiple_of(25))
}

/// Adds a page's lines to those before, and says how many are new. Lines may shift between two pages and come twice; one id with
/// two contents is not two lines that anybody could tell apart.
fn add_lines(lines: &mut Vec<ContractLine>, page: Vec<ContractLine>) -> Result<usize, Problem> {
    let before = lines.len();
    for line in page {
        match lines.iter().find(|known| known.id == line.id) {
            None => lines.push(line),
            Some(known) if *known == line => {}
            Some(_) => return Err(AnswerFault::LineTwice),
        }
    }
    Ok(lines.len() - before)
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
        ContractLine::parse(serde_json::from_str(text).expect("an object was written"), ContractId(5012))
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
    fn routes_begin_with_a_slash_and_name_what_they_are_of() {
        let line = "/y/{lineId}";
        assert_eq!(LineRoutes::new("/x/{contractId}", line).unwrap().as_strs(), ("/x/{contractId}", line));
        for bad in ["x/{contractId}", "/x", "", "/x/{contractId}?a"] {
            assert!(LineRoutes::new(bad, line).is_err(), "{bad}");
        }
        assert!(LineRoutes::new("/x/{contractId}", "/y/{contractId}").is_err());
        assert_eq!(LineRoutes::stored(None), Ok(LineRoutes::default()));
    }

    #[test]
    fn case_e1_a_row_that_names_another_contract_makes_the_answer_unusable() {
        let read = |more: Value| {
            let mut row = json!({"Id": 1, "ServiceId": 2, "Units": 3});
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            parse_lines(&success(&json!({"Result": [row]})), ContractId(5012)).map(|lines| lines.len())
        };
        for same in [
            json!({}),
            json!({"ContractId": null}),
            json!({"contractid": 5012}),
            json!({"ContractId": "5012"}),
        ] {
            assert_eq!(read(same.clone()), Ok(1), "{same}");
        }
        for other in [
            json!({"ContractId": 5013}),
            json!({"CONTRACTID": "5013"}),
            json!({"ContractId": "Managed"}),
            json!({"ContractId": {"Id": 5012}}),
            json!({"ClientContractId": 1}),
            json!({"Contract": {"Id": 5013}}),
        ] {
            assert_eq!(read(other.clone()), Err(AnswerFault::OtherContract), "{other}");
        }
    }

    #[test]
    fn case_e1_a_line_that_shows_another_account_is_known_by_it() {
        let other = |more: &str| {
            let line = line(&format!(r#"{{"Id":1,"ServiceId":2,"Units":3{more}}}"#)).unwrap();
            line.names_other_account(AccountId(301))
        };
        for same in [
            "",
            r#","AccountId":301"#,
            r#","accountid":"301""#,
            r#","AccountId":null"#,
            r#","Account":{"Id":301}"#,
        ] {
            assert!(!other(same), "{same}");
        }
        for shown in [
            r#","AccountId":302"#,
            r#","CLIENTACCOUNTID":"302""#,
            r#","AccountId":"Acme""#,
            r#","Account":{"Id":302}"#,
        ] {
            assert!(other(shown), "{shown}");
        }
    }

    #[test]
    fn one_id_with_two_contents_is_an_error_and_the_same_line_twice_is_one() {
        let line = |units: u32| line(&format!(r#"{{"Id":1,"ServiceId":2,"Units":{units}}}"#)).unwrap();
        let mut lines = Vec::new();
        assert_eq!(add_lines(&mut lines, vec![line(3), line(3)]), Ok(1));
        assert_eq!(add_lines(&mut lines, vec![line(3)]), Ok(0));
        assert_eq!(add_lines(&mut lines, vec![line(4)]), Err(AnswerFault::LineTwice));
    }

    #[test]
    fn what_is_no_list_of_objects_is_no_list_without_lines() {
        for body in
            [json!({"Result": null}), json!({}), json!({"Result": {}}), json!({"Result": [1]}), json!([])]
        {
            assert!(parse_lines(&success(&body), ContractId(5012)).is_err(), "{body}");
        }
        let twice = r#"{"Result":[],"result":[{"Id":1,"ServiceId":2,"Units":3}]}"#;
        let twice = Success { result: Value::Null, total: None, body: twice.into() };
        assert!(parse_lines(&twice, ContractId(5012)).is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(result in any_json(), total: Option<u64>) {
            let body = json!({"Result": result, "TotalRecords": total});
            let _lines = parse_lines(&success(&body), ContractId(5012));
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
