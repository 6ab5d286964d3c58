//! A line goes back as Kaseya wrote it, byte for byte.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::to_bytes,
    extract::Request,
    http::{Method, header},
    response::IntoResponse as _,
};
use domain::ContractId;
use jiff::civil::date;
use tokio::net::TcpListener;

use crate::partner::{HandClock, access, bms, limits};

const CONTRACT: ContractId = ContractId(5012);
/// What no JSON library would write so.
const REST: &str = r#""UnitPrice":3.50,"UnitCost":1E1,"Margin":-0.0,"Description":"B\u00fcro \/ 12","Tags":[ 1.0, {"a" : 0.10} ]"#;

#[tokio::test]
async fn what_no_reader_keeps_goes_back_to_the_byte() {
    let written: Arc<Mutex<Vec<String>>> = Arc::default();
    let taken = Arc::clone(&written);
    let router = Router::new().fallback(move |request: Request| {
        let taken = Arc::clone(&taken);
        async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a body");
            let answer = match parts.uri.path() {
                "/v2/security/authenticate" => {
                    r#"{"success":true,"result":{"accessToken":"access-1"}}"#.to_owned()
                }
                "/api/token" => r#"{"access_token":"v1-1","expires_in":3600}"#.to_owned(),
                _ if parts.method == Method::PUT => {
                    let kind = parts.headers.get(header::CONTENT_TYPE).expect("a kind of body");
                    assert_eq!(kind, "application/json");
                    let text = String::from_utf8(body.to_vec()).expect("a text");
                    taken.lock().expect("nobody panics with it").push(text);
                    r#"{"Status":"OK","Error":"None","Result":{}}"#.to_owned()
                }
                _ => format!(
                    r#"{{"Status":"OK","Error":"None","Result":[{{"Id":90021,"ServiceId":701,{REST},"Units":12.00,"EffectiveDate":"2026-01-01T00:00:00"}}]}}"#
                ),
            };
            ([(header::CONTENT_TYPE, "application/json")], answer).into_response()
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let session = bms(&HandClock::at("2026-03-01T12:00:00Z")).session(access(&base), limits());
    session.sign_in().await.expect("signed in");
    let lines = session.lines(CONTRACT).await.expect("the lines");
    assert_eq!((lines[0].units, lines[0].unit_price), (12.0, Some(3.5)));
    session.write_units(CONTRACT, &lines[0], 14, date(2026, 3, 1)).await.expect("written");
    let expected =
        format!(r#"{{"Id":90021,"ServiceId":701,{REST},"Units":14,"EffectiveDate":"2026-03-01T00:00:00"}}"#);
    assert_eq!(*written.lock().expect("nobody panics with it"), [expected]);
}
