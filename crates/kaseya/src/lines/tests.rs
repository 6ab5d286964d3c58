//! The parts of a line, and what is sent back.

use domain::{AccountId, LineId, ServiceId};
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::answer::Success;

/// Any JSON, slightly nested.
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

pub(crate) fn line(text: &str) -> Result<ContractLine, Problem> {
    let raw = serde_json::from_str(text).expect("an object was written");
    ContractLine::parse(raw, ContractId(5012), &LineProfile::default())
}

fn success(body: &Value) -> Success {
    Success { result: Value::Null, total: None, body: body.to_string().into() }
}

fn parse(success: &Success) -> Result<LinePage, Problem> {
    parse_lines(success, ContractId(5012), &LineProfile::default())
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
        line.with(14, date(2026, 3, 1), &LineProfile::default().fields).text(),
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
        line.with(3, date(2026, 3, 1), &LineProfile::default().fields).text(),
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
    assert!(line(r#"{"Id":1,"ServiceId":2,"Units":3,"Units":4}"#).is_err(), "one name twice, spelled alike");
}

#[test]
fn case_e1_a_row_that_names_another_contract_makes_the_answer_unusable() {
    let read = |more: Value| {
        let mut row = json!({"Id": 1, "ServiceId": 2, "Units": 3});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parse(&success(&json!({"Result": [row]}))).map(|page| page.lines.len())
    };
    for same in
        [json!({}), json!({"ContractId": null}), json!({"contractid": 5012}), json!({"ContractId": "5012"})]
    {
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

/// The default profile with these changes to its text.
fn profile(changes: &[(&str, &str)]) -> LineProfile {
    let text = changes.iter().fold(LineProfile::default().text().to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    LineProfile::parse(&text).expect("a profile")
}

#[test]
fn case_e1_what_a_list_stands_in_may_name_no_other_contract() {
    let profile = profile(&[("\"Result\"", "\"Result.Page.Services\"")]);
    let read = |outer: Value, page: Value| {
        let mut result = outer;
        result["Page"] = page;
        result["Page"]["Services"] = json!([{"Id": 1, "ServiceId": 2, "Units": 3}]);
        let body = json!({"Status": "OK", "Error": "None", "Result": result});
        parse_lines(&success(&body), ContractId(5012), &profile).map(|page| page.lines.len())
    };
    assert_eq!(read(json!({}), json!({})), Ok(1));
    assert_eq!(read(json!({"ContractId": 5012}), json!({"Id": 5012})), Ok(1));
    for (outer, page) in [
        (json!({"ContractId": 5013}), json!({})),
        (json!({"Contract": {"Id": 5013}}), json!({})),
        (json!({}), json!({"Id": 5013})),
    ] {
        assert_eq!(read(outer.clone(), page.clone()), Err(AnswerFault::OtherContract), "{outer} {page}");
    }
}

#[test]
fn issue_12_ids_and_price_may_lie_inside_other_fields() {
    let profile = profile(&[
        ("service = \"ServiceId\"", "service = \"Service.Id\""),
        ("contract = \"ContractId\"", "contract = \"Owner.Contract\""),
        ("unit_price = \"UnitPrice\"", "unit_price = \"Price.Net\""),
    ]);
    let read = |contract: i32| {
        let row = json!({"Id": 1, "Service": {"Id": 2}, "Units": 3, "Price": {"Net": 1.5}, "Owner": {"contract": contract}});
        parse_lines(&success(&json!({"Result": [row]})), ContractId(5012), &profile).map(|page| page.lines)
    };
    let lines = read(5012).expect("a line");
    assert_eq!((lines[0].service_id, lines[0].unit_price), (ServiceId(2), Some(1.5)));
    assert_eq!(read(5013), Err(AnswerFault::OtherContract));
}

#[test]
fn issue_12_a_row_that_bears_the_mark_of_a_proration_is_no_line() {
    let profile = profile(&[("date_form = ", "proration = \"Adjusts\"\ndate_form = ")]);
    let is_proration = |mark: Value| {
        let row = json!({"Id": 1, "ServiceId": 2, "Units": 3, "adjusts": mark});
        let page = parse_lines(&success(&json!({"Result": [row]})), ContractId(5012), &profile);
        page.expect("a row").lines[0].is_proration
    };
    for mark in [json!(null), json!(false), json!(0), json!(""), json!("No"), json!("0")] {
        assert!(!is_proration(mark.clone()), "{mark}");
    }
    for mark in [json!(true), json!(90021), json!("90021"), json!({"Id": 1}), json!("yes")] {
        assert!(is_proration(mark.clone()), "{mark}");
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
    for body in [json!({"Result": null}), json!({}), json!({"Result": {}}), json!({"Result": [1]}), json!([])]
    {
        assert!(parse(&success(&body)).is_err(), "{body}");
    }
    let twice = r#"{"Result":[],"result":[{"Id":1,"ServiceId":2,"Units":3}]}"#;
    let twice = Success { result: Value::Null, total: None, body: twice.into() };
    assert!(parse(&twice).is_err());
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(result in any_json(), total: Option<u64>) {
        let body = json!({"Result": result, "TotalRecords": total});
        let _lines = parse(&success(&body));
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
        let sent = line(&object(&fields)).unwrap().with(units, date(2026, 3, 1), &LineProfile::default().fields).text();
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

/// A value as it may be written: numbers with redundant digits, texts with redundant escapes, inner blanks.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?",
        r#""([a-z <>€]|\\u00[0-9a-fA-F]{2}|\\/|\\n){0,10}""#,
        any_json().prop_map(|value| value.to_string()),
        any_json().prop_map(|value| serde_json::to_string_pretty(&value).expect("any JSON is written")),
    ]
}
