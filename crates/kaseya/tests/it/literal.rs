//! Each form of V1, with answers written out as files (`tests/literal`) and served by a server of a few lines: a
//! second check that shares nothing with the simulator.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{Router, body::to_bytes, extract::Request, http::header, response::IntoResponse as _};
use domain::{AnswerFault, ContractId, ServiceId};
use jiff::civil::date;
use kaseya::{BmsError, LineProfile, Session};
use tokio::net::TcpListener;

use crate::partner::{HandClock, access, bms, limits};

const CONTRACT: ContractId = ContractId(5012);

/// Folder; shipped profile and its differences; the reads and the write as they must be requested.
type Form = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    &'static str,
);

const NESTED: &str = "GET /api/finance/contracts/5012/services?$top=100&$skip=0";
const FORMS: [Form; 9] = [
    ("r1-w2-put", "nested-list", &[], &[NESTED], "PUT /api/finance/contracts/5012/services/90021"),
    (
        "r2-w2-put",
        "recurring-list",
        &[],
        &["GET /api/finance/contracts/recurringservices/5012/services?$top=100&$skip=0"],
        "PUT /api/finance/contracts/recurringservices/5012/services/90021",
    ),
    (
        "r3-w3-put",
        "whole-contract",
        &[],
        &["GET /api/finance/contracts/recurringservices/5012"],
        "PUT /api/finance/contracts/recurringservices/5012",
    ),
    (
        "r4-w1-put",
        "flat-list",
        &[],
        &["GET /api/finance/contractservices?$top=100&$skip=0&$filter=ContractId eq 5012"],
        "PUT /api/finance/contractservices/90021",
    ),
    ("r1-w1-patch", "nested-list-patch", &[], &[NESTED], "PATCH /api/finance/contracts/services/90021"),
    (
        "paged-by-2",
        "nested-list",
        &[("page_size = 100", "page_size = 2"), ("date_form", "sort = \"Id\"\ndate_form")],
        &[
            "GET /api/finance/contracts/5012/services?$top=2&$skip=0&$orderby=Id",
            "GET /api/finance/contracts/5012/services?$top=2&$skip=2&$orderby=Id",
            "GET /api/finance/contracts/5012/services?$top=2&$skip=3&$orderby=Id",
        ],
        "PUT /api/finance/contracts/5012/services/90001",
    ),
    (
        "json-patch",
        "nested-list",
        &[("\"put\"", "\"patch\""), ("body = \"line\"\n", "body = \"json_patch\"\n")],
        &[NESTED],
        "PATCH /api/finance/contracts/5012/services/90021",
    ),
    (
        "list-put-whole",
        "nested-list",
        &[("/services/{lineId}\"", "/services\""), ("body = \"line\"\n", "body = \"array\"\n")],
        &[NESTED],
        "PUT /api/finance/contracts/5012/services",
    ),
    (
        "prorations",
        "nested-list",
        &[("date_form", "proration = \"ParentId\"\ndate_form")],
        &[NESTED],
        "PUT /api/finance/contracts/5012/services/90021",
    ),
];

fn profile(name: &str, changes: &[(&str, &str)]) -> LineProfile {
    let shipped = LineProfile::shipped().iter().find(|profile| profile.name() == name).expect(name);
    let text = changes.iter().fold(shipped.text().to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        // A comment may hold the word too: the last place is the field's.
        let at = text.rfind(from).expect("it was found");
        format!("{}{to}{}", &text[..at], &text[at + from.len()..])
    });
    LineProfile::parse(&text).expect("a profile")
}

fn file(form: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/literal").join(form).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The requests, with the bodies of writes.
type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// Serves these answers by method and target; anything else is a 404.
async fn serve(answers: BTreeMap<String, String>) -> (String, Heard) {
    let heard = Heard::default();
    let hears = Arc::clone(&heard);
    let router = Router::new().fallback(move |request: Request| {
        let (answers, hears) = (answers.clone(), Arc::clone(&hears));
        async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a body");
            let json = |text: String| ([(header::CONTENT_TYPE, "application/json")], text).into_response();
            match parts.uri.path() {
                "/v2/security/authenticate" => {
                    return json(r#"{"success":true,"result":{"accessToken":"access-1"}}"#.to_owned());
                }
                "/api/token" => return json(r#"{"access_token":"v1-1","expires_in":3600}"#.to_owned()),
                _ => {}
            }
            let target = parts.uri.to_string().replace("%24", "$").replace("%20", " ").replace('+', " ");
            let call = format!("{} {target}", parts.method);
            hears
                .lock()
                .expect("nobody panics with it")
                .push((call.clone(), String::from_utf8_lossy(&body).into_owned()));
            match answers.get(&call) {
                Some(answer) => json(answer.clone()),
                None => axum::http::StatusCode::NOT_FOUND.into_response(),
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, heard)
}

async fn session(base: &str, profile: LineProfile) -> Session {
    let mut access = access(base);
    access.bases = access.bases.with_line_profile(profile);
    let session = bms(&HandClock::at("2026-03-01T12:00:00Z")).session(access, limits());
    session.sign_in().await.expect("signed in");
    session
}

#[tokio::test]
async fn issue_12_each_form_is_read_and_written_as_its_files_say() {
    for (form, name, changes, reads, write) in FORMS {
        let mut answers: BTreeMap<String, String> = BTreeMap::new();
        for (number, read) in reads.iter().enumerate() {
            answers.insert((*read).to_owned(), file(form, &format!("read-{}.json", number + 1)));
        }
        answers.insert(write.to_owned(), file(form, "answer.json"));
        let (base, heard) = serve(answers).await;
        let session = session(&base, profile(name, changes)).await;

        let lines = session.lines(CONTRACT).await.unwrap_or_else(|error| panic!("{form}: {error}"));
        let ours: Vec<_> = lines.iter().filter(|line| line.service_id == ServiceId(701)).collect();
        let [line] = ours[..] else { panic!("{form}: {lines:?}") };
        assert_eq!(line.units, 12.0, "{form}");
        let asked: Vec<String> =
            heard.lock().expect("nobody panics with it").drain(..).map(|(call, _)| call).collect();
        assert_eq!(asked, reads, "{form}");

        let written = session.write_units(CONTRACT, line, 14, date(2026, 3, 1)).await;
        written.unwrap_or_else(|error| panic!("{form}: {error}"));
        let (call, body) = heard.lock().expect("nobody panics with it").pop().expect("a write");
        assert_eq!((call.as_str(), body.as_str()), (write, file(form, "written.json").trim_end()), "{form}");
    }
}

#[tokio::test]
async fn case_e1_each_form_refuses_an_answer_that_may_be_another_contracts() {
    for (form, name, changes, reads, _) in FORMS {
        let answer = file(form, "other-contract.json");
        let (base, _) = serve([(reads[0].to_owned(), answer)].into()).await;
        let read = session(&base, profile(name, changes))
            .await
            .lines(CONTRACT)
            .await
            .map_err(BmsError::of_one_contract);
        let other = AnswerFault::OtherContract;
        assert!(
            matches!(read, Err(BmsError::Garbled { problem, .. }) if problem == other),
            "{form}: {read:?}"
        );
    }
}
