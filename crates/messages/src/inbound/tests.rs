//! One test per field where a default would do harm.

use jiff::civil::date;
use serde_json::{Value, json};

use super::*;

/// A message with one field changed, or removed with `null`.
fn with(message: &Value, pointer: &str, value: Value) -> Vec<u8> {
    let mut message = message.clone();
    if value.is_null() {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = message.pointer_mut(parent).expect("a parent");
        parent.as_object_mut().expect("an object").remove(name).expect("a field to take away");
    } else {
        *message.pointer_mut(pointer).expect("a field") = value;
    }
    serde_json::to_vec(&message).expect("JSON")
}

fn request() -> Value {
    json!({
        "requestId": "r-1", "partnerId": "msp", "companies": {"all": {}}, "mode": "SYNC_MODE_APPLY",
        "requestedBy": "Anna", "expiresAt": "2026-03-01T10:00:00Z", "mustIncludeReportId": "rep-1",
    })
}

fn read_request(body: &[u8]) -> Result<SyncRequest, DecodeError> {
    match PortalMessage::decode(None, body)? {
        PortalMessage::Sync(request) => Ok(request),
        PortalMessage::Hold(_) => panic!("taken for a decision"),
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(read: Result<T, DecodeError>, field: &str) {
    match read {
        Err(DecodeError::Field(error)) => assert_eq!(error.field, field, "{error}"),
        other => panic!("{field} was not refused: {other:?}"),
    }
}

#[test]
fn a_request_is_read_whole() {
    let request = read_request(&serde_json::to_vec(&request()).expect("JSON")).expect("lawful");
    assert_eq!(request.request.as_str(), "r-1");
    assert_eq!(request.partner.as_str(), "msp");
    assert_eq!(request.companies, Companies::All);
    assert_eq!(request.mode, RunMode::Apply);
    assert_eq!(request.requested_by, "Anna");
    assert_eq!(request.expires_at, Some("2026-03-01T10:00:00Z".parse().expect("an instant")));
    assert_eq!(request.must_include.map(String::from), Some("rep-1".into()));
}

#[test]
fn companies_absent_never_mean_all() {
    refused(read_request(&with(&request(), "/companies", Value::Null)), "companies");
    refused(read_request(&with(&request(), "/companies", json!({}))), "companies");
    let none = json!({"only": {"companyIds": []}});
    refused(read_request(&with(&request(), "/companies", none)), "companies.only.company_ids");
    let blank = json!({"only": {"companyIds": ["c-1", ""]}});
    refused(read_request(&with(&request(), "/companies", blank)), "companies.only.company_ids[1]");
    let many = json!({"only": {"companyIds": (0..10_001).map(|n| n.to_string()).collect::<Vec<_>>()}});
    refused(read_request(&with(&request(), "/companies", many)), "companies.only.company_ids");
}

#[test]
fn both_all_and_only_are_refused() {
    let both = json!({"all": {}, "only": {"companyIds": ["c-1"]}});
    assert!(read_request(&with(&request(), "/companies", both)).is_err());
}

#[test]
fn listed_companies_are_a_set() {
    let two = json!({"only": {"companyIds": ["b", "a", "b"]}});
    let read = read_request(&with(&request(), "/companies", two)).expect("lawful");
    let Companies::Only(companies) = read.companies else { panic!("all") };
    assert_eq!(companies.iter().map(CompanyId::as_str).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn mode_absent_never_means_apply() {
    refused(read_request(&with(&request(), "/mode", Value::Null)), "mode");
    refused(read_request(&with(&request(), "/mode", json!("SYNC_MODE_UNSPECIFIED"))), "mode");
    refused(read_request(&with(&request(), "/mode", json!(0))), "mode");
    let plan = read_request(&with(&request(), "/mode", json!("SYNC_MODE_PLAN"))).expect("lawful");
    assert_eq!(plan.mode, RunMode::Plan);
}

#[test]
fn a_request_without_identity_is_refused() {
    refused(read_request(&with(&request(), "/requestId", Value::Null)), "request_id");
    refused(read_request(&with(&request(), "/requestId", json!(""))), "request_id");
    refused(read_request(&with(&request(), "/partnerId", Value::Null)), "partner_id");
    refused(read_request(&with(&request(), "/partnerId", json!("a\u{0}b"))), "partner_id");
    refused(read_request(&with(&request(), "/requestedBy", Value::Null)), "requested_by");
    refused(read_request(&with(&request(), "/requestedBy", json!("x".repeat(201)))), "requested_by");
}

#[test]
fn what_may_be_absent_stays_absent() {
    let read = read_request(&with(&request(), "/expiresAt", Value::Null)).expect("lawful");
    assert_eq!(read.expires_at, None);
    let read = read_request(&with(&request(), "/mustIncludeReportId", Value::Null)).expect("lawful");
    assert_eq!(read.must_include, None);
    refused(read_request(&with(&request(), "/mustIncludeReportId", json!(""))), "must_include_report_id");
}

fn report() -> Value {
    json!({
        "partnerId": "msp", "reportId": "rep-1", "day": "2026-02-28", "countedAt": "2026-03-01T00:10:00Z",
        "part": 1, "parts": 2, "final": true,
        "companies": [
            {"companyId": "c-1", "companyName": " Rossi \n", "products": [
                {"productId": "std", "users": 12, "basis": "COUNT_BASIS_USERS"},
                {"productId": "adv", "users": 0, "basis": "COUNT_BASIS_LICENCES"},
            ]},
            {"companyId": "c-2", "products": []},
        ],
    })
}

fn read_report(body: &[u8]) -> Result<CountsReport, DecodeError> {
    CountsReport::decode(None, body)
}

#[test]
fn a_report_is_read_whole() {
    let report = read_report(&serde_json::to_vec(&report()).expect("JSON")).expect("lawful");
    assert_eq!((report.part, report.parts, report.is_final), (1, 2, true));
    assert_eq!(report.day, date(2026, 2, 28));
    assert_eq!(report.companies[0].name.as_deref(), Some("Rossi"));
    let counts: Vec<_> =
        report.companies[0].products.iter().map(|count| (count.users, count.basis)).collect();
    assert_eq!(counts, [(Some(12), Some(CountBasis::Users)), (Some(0), Some(CountBasis::Licences))]);
    assert_eq!(report.companies[1].products, []);
}

#[test]
fn users_absent_are_not_taken_and_never_0() {
    let read = read_report(&with(&report(), "/companies/0/products/0/users", Value::Null)).expect("lawful");
    assert_eq!(read.companies[0].products[0].users, None);
    assert_eq!(read.companies[0].products[0].basis, None);
    let absurd = with(&report(), "/companies/0/products/0/users", json!(10_000_001));
    refused(read_report(&absurd), "companies[0].products[0].users");
    for bad in [json!(-1), json!(1.5), json!("twelve"), json!(4_294_967_296_u64)] {
        assert!(read_report(&with(&report(), "/companies/0/products/0/users", bad)).is_err());
    }
}

#[test]
fn d_08_a_number_says_what_it_counts() {
    refused(
        read_report(&with(&report(), "/companies/0/products/0/basis", Value::Null)),
        "companies[0].products[0].basis",
    );
}

#[test]
fn part_and_parts_absent_never_mean_the_whole() {
    refused(read_report(&with(&report(), "/part", Value::Null)), "part");
    refused(read_report(&with(&report(), "/parts", Value::Null)), "parts");
    refused(read_report(&with(&report(), "/part", json!(0))), "part");
    refused(read_report(&with(&report(), "/part", json!(3))), "part");
    refused(read_report(&with(&report(), "/parts", json!(0))), "parts");
    refused(read_report(&with(&report(), "/parts", json!(10_001))), "parts");
}

#[test]
fn final_absent_is_neither() {
    refused(read_report(&with(&report(), "/final", Value::Null)), "final");
    assert!(!read_report(&with(&report(), "/final", json!(false))).expect("lawful").is_final);
}

#[test]
fn the_day_and_the_instant_must_be_there_and_agree() {
    refused(read_report(&with(&report(), "/day", Value::Null)), "day");
    refused(read_report(&with(&report(), "/day", json!("2026-02-30"))), "day");
    refused(read_report(&with(&report(), "/day", json!("3026-02-28"))), "day");
    refused(read_report(&with(&report(), "/day", json!("2026-03-03"))), "day");
    refused(read_report(&with(&report(), "/countedAt", Value::Null)), "counted_at");
    // East of Greenwich the next day has begun.
    assert!(read_report(&with(&report(), "/day", json!("2026-03-02"))).is_ok());
}

#[test]
fn a_company_or_product_listed_twice_is_refused() {
    refused(read_report(&with(&report(), "/companies/1/companyId", json!("c-1"))), "companies[1]");
    let twice = with(&report(), "/companies/0/products/1/productId", json!("std"));
    refused(read_report(&twice), "companies[0].products[1]");
}

#[test]
fn counts_without_identity_are_refused() {
    refused(read_report(&with(&report(), "/partnerId", Value::Null)), "partner_id");
    refused(read_report(&with(&report(), "/reportId", Value::Null)), "report_id");
    refused(read_report(&with(&report(), "/companies/1/companyId", Value::Null)), "companies[1].company_id");
    let nameless = with(&report(), "/companies/0/products/1/productId", Value::Null);
    refused(read_report(&nameless), "companies[0].products[1].product_id");
}

fn decision() -> Value {
    json!({
        "decisionId": "d-1", "partnerId": "msp", "holdId": "0190a7c2-0000-7000-8000-000000000001",
        "decision": "HOLD_DECISION_APPROVE", "decidedBy": "Anna", "units": 0,
    })
}

fn read_decision(body: &[u8]) -> Result<HoldDecision, DecodeError> {
    match PortalMessage::decode(None, body)? {
        PortalMessage::Hold(decision) => Ok(decision),
        PortalMessage::Sync(_) => panic!("taken for a request"),
    }
}

#[test]
fn a_decision_is_read_whole() {
    let read = read_decision(&serde_json::to_vec(&decision()).expect("JSON")).expect("lawful");
    assert_eq!((read.verdict, read.units), (Verdict::Approve, 0));
    assert_eq!(read.decision.as_str(), "d-1");
    assert_eq!(read.decided_by, "Anna");
}

#[test]
fn a_decision_without_units_never_means_0() {
    refused(read_decision(&with(&decision(), "/units", Value::Null)), "units");
    let dismissal = with(&decision(), "/decision", json!("HOLD_DECISION_DISMISS"));
    assert_eq!(read_decision(&dismissal).expect("lawful").verdict, Verdict::Dismiss);
    let mut dismissal = decision();
    dismissal["decision"] = json!("HOLD_DECISION_DISMISS");
    refused(read_decision(&with(&dismissal, "/units", Value::Null)), "units");
}

#[test]
fn a_decision_absent_is_none() {
    refused(read_decision(&with(&decision(), "/decision", Value::Null)), "decision");
    refused(read_decision(&with(&decision(), "/holdId", Value::Null)), "hold_id");
    refused(read_decision(&with(&decision(), "/holdId", json!("17"))), "hold_id");
    refused(read_decision(&with(&decision(), "/partnerId", Value::Null)), "partner_id");
    refused(read_decision(&with(&decision(), "/decisionId", json!(""))), "decision_id");
    refused(read_decision(&with(&decision(), "/decidedBy", Value::Null)), "decided_by");
}

#[test]
fn the_type_decides_when_it_is_given() {
    let decision = serde_json::to_vec(&decision()).expect("JSON");
    assert!(PortalMessage::decode(Some(v1::HoldDecided::KIND), &decision).is_ok());
    assert!(PortalMessage::decode(Some(v1::SyncRequested::KIND), &decision).is_err());
    assert!(matches!(
        PortalMessage::decode(Some("kaseya_sync.v2.HoldDecided"), &decision),
        Err(DecodeError::UnknownVersion(_))
    ));
}

#[test]
fn case_e17_a_strangers_json_is_read_as_proto3_has_it() {
    let whole = [json!(14), json!(14.0), json!(1.4e1), json!("14")];
    for users in whole {
        let read = read_report(&with(&report(), "/companies/0/products/0/users", users)).expect("lawful");
        assert_eq!(read.companies[0].products[0].users, Some(14));
    }
    let snake = json!({
        "request_id": "r-1", "partner_id": "msp", "companies": {"only": {"company_ids": ["c-1"]}}, "mode": 1.0,
        "requested_by": "Anna", "expires_at": "2026-03-01T11:00:00+01:00",
    });
    let read = read_request(&serde_json::to_vec(&snake).expect("JSON")).expect("lawful");
    assert_eq!(read.expires_at, Some("2026-03-01T10:00:00Z".parse().expect("an instant")));
}

#[test]
fn case_e17_a_strangers_mistake_is_answered_by_field_and_fix() {
    let told = |body: Vec<u8>| read_request(&body).expect_err("a mistake").for_sender();
    let report_fault =
        |pointer, value| read_report(&with(&report(), pointer, value)).expect_err("a mistake").for_sender();
    let users = "/companies/0/products/0/users";
    let path = "companies[0].products[0].users";
    for (bad, said) in
        [(json!(-1), "-1"), (json!(1.5), "1.5"), (json!("twelve"), "\"twelve\""), (json!([]), "a list")]
    {
        let whole = "a whole number of 0 or more is needed";
        assert_eq!(report_fault(users, bad), format!("{path}: it is {said}; {whole}"));
    }
    assert_eq!(
        told(with(&request(), "/expiresAt", json!("2026-03-01T10:00:00"))),
        "expiresAt: it has no zone; write 2026-03-01T10:00:00Z if that is UTC, or with an offset: 2026-03-01T10:00:00+01:00"
    );
    assert!(
        told(with(&request(), "/expiresAt", json!(1_772_359_200)))
            .starts_with("expiresAt: it is 1772359200; write an")
    );
    assert_eq!(
        told(with(&request(), "/companies", json!({"all": {}, "only": {"companyIds": ["c-1"]}}))),
        "companies: it has both all and only; give one of them"
    );
    assert_eq!(
        told(with(&request(), "/companies", json!({"all": true}))),
        "companies.all: it is true; write an object: {}"
    );
    assert_eq!(
        told(with(&request(), "/mode", json!("apply"))),
        "mode: it is \"apply\"; give SYNC_MODE_APPLY or SYNC_MODE_PLAN"
    );
    let twice = br#"{"requestId":"a","request_id":"b"}"#.to_vec();
    assert!(told(twice).ends_with("it is given as request_id and as requestId; give it once"));
    assert!(told(br#"{"requestId":"a","requestId":"b"}"#.to_vec()).contains("requestId: it is given twice"));
    let mut misspelt = request();
    misspelt["RequestID"] = misspelt["requestId"].take();
    assert!(
        told(serde_json::to_vec(&misspelt).expect("JSON"))
            .contains("RequestID: SyncRequested has no such field; write requestId")
    );
    // The names come from the sender's JSON, not from the proto file.
    let none = json!({"only": {"companyIds": []}});
    assert!(told(with(&request(), "/companies", none)).starts_with("companies.only.companyIds: it lists 0"));
    assert!(told(with(&request(), "/requestedBy", json!(""))).starts_with("requestedBy: it is empty"));
}

#[test]
fn case_e17_a_short_type_is_told_what_the_whole_one_is() {
    let body = serde_json::to_vec(&request()).expect("JSON");
    let told = |kind| PortalMessage::decode(Some(kind), &body).expect_err("a short type").for_sender();
    assert_eq!(
        told("SyncRequested"),
        "type: the property says \"SyncRequested\"; write kaseya_sync.v1.SyncRequested or leave it out"
    );
    assert!(told("HoldDecided").ends_with("write kaseya_sync.v1.HoldDecided or leave it out"));
}

#[test]
fn case_e15_a_request_has_one_content_however_it_is_written() {
    let read =
        |value: &Value| read_request(&serde_json::to_vec(value).expect("JSON")).expect("lawful").content();
    let one = json!({ "requestId": "r", "partnerId": "msp", "companies": {"only": {"companyIds": ["b", "a"]}},
                      "mode": "SYNC_MODE_APPLY", "requestedBy": "Anna", "expiresAt": "2026-03-01T10:00:00Z" });
    let mut same = json!({ "request_id": "r", "partner_id": "msp", "companies": {"only": {"companyIds": ["a", "b"]}},
                           "mode": 1, "requestedBy": "Anna", "expiresAt": "2026-03-01T11:00:00+01:00" });
    assert_eq!(read(&one), read(&same));
    same["mode"] = json!("SYNC_MODE_PLAN");
    assert_ne!(read(&one), read(&same));
}

#[test]
fn case_e17_whose_a_message_is_can_be_told_as_far_as_it_can_be_read() {
    let whole = r#"{"reportId": "r-1", "partnerId": "msp", "companies": [{"companyName": "Café"}]}"#;
    let mut latin = whole.replace("é", "#").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'#').expect("it is there");
    latin[at] = 0xe9;
    let cut = whole.as_bytes()[..whole.len() - 20].to_vec();
    let (partner, report) = (PartnerId::new("msp").expect("an id"), ReportId::new("r-1").expect("an id"));
    let expected = Some(Unreadable::Report(partner.clone(), report));
    for body in [whole.as_bytes().to_vec(), latin, cut] {
        assert_eq!(Unreadable::of_counts(&body), expected, "{}", String::from_utf8_lossy(&body));
    }
    let cut = br#"{"partnerId": "msp", "decisionId": "d", "holdId": "h", "units": 1"#;
    let decision = Unreadable::Decision(partner, RequestId::new("d").expect("an id"), "h".to_owned());
    assert_eq!(Unreadable::of_portal(None, cut), Some(decision));
    // The text after the cut is unknown, and so is a word that is itself cut.
    for body in [&br#"{"companies": ["#[..], br#"{"reportId": "r-1", "partnerId": "ms"#, b"[]", b""] {
        assert_eq!(Unreadable::of_counts(body), None, "{}", String::from_utf8_lossy(body));
    }
}
