//! Requests every path of the portal as callers without access.

use http::{HeaderName, Method, StatusCode, header};

use crate::world::{Answer, World};

/// Paths that belong to no partner.
const OPEN: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/openid"),
    ("GET", "/sign-in/openid/back"),
    ("GET", "/sign-in/openid/sign-out"),
    ("POST", "/sign-out"),
    ("GET", "/confirm"),
    ("POST", "/confirm"),
    ("GET", "/sessions"),
    ("POST", "/sessions/end"),
    ("POST", "/sessions/end-others"),
    ("POST", "/language"),
    ("GET", "/assets/{version}/{name}"),
];

/// The pages' paths as the router lists them: a new path is tested automatically.
pub(crate) fn pages() -> Vec<(Method, String)> {
    let source = include_str!("../../src/router.rs");
    let (whole, partner) = source.split_once("fn partner()").expect("the pages of one partner");
    let mut found = Vec::new();
    for (source, prefix) in [(whole, ""), (partner, "/partners/{partner}")] {
        for route in source.split(".route(").skip(1) {
            let (_, rest) = route.split_once('"').expect("an address");
            let (path, rest) = rest.split_once('"').expect("an address");
            let path = format!("{prefix}{path}");
            let path = if path.len() > 1 { path.trim_end_matches('/') } else { &path };
            let before = found.len();
            for (word, method) in [("get(", Method::GET), ("post(", Method::POST)] {
                if rest.contains(word) {
                    found.push((method, path.to_owned()));
                }
            }
            assert!(found.len() > before, "{path}: its method is not understood");
        }
    }
    found
}

/// The API's paths as its document lists them.
fn calls() -> Vec<(Method, String)> {
    let document = serde_json::to_value(portal::api_document()).expect("plain data");
    let paths = document["paths"].as_object().expect("the paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
            if item[method.as_str().to_lowercase()].is_object() {
                found.push((method, format!("/v1{path}")));
            }
        }
    }
    found
}

/// The paths of a partner, with each placeholder filled in.
pub(crate) fn of(partner: &str, all: Vec<(Method, String)>) -> Vec<(Method, String)> {
    let open = |method: &Method, path: &str| OPEN.contains(&(method.as_str(), path));
    all.into_iter()
        .filter(|(method, path)| !open(method, path))
        .map(|(method, path)| {
            assert!(path.contains("{partner}"), "{method} {path} is nobody's: say so in this list");
            let path = path.replace("{partner}", partner);
            let parts = path.split('/').map(|part| {
                if part.starts_with('{') { "01930000-0000-7000-8000-000000000001" } else { part }
            });
            (method, parts.collect::<Vec<_>>().join("/"))
        })
        .collect()
}

fn assert_headers(answer: &Answer, what: &str) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        assert_eq!(answer.headers.get(&name).map(|value| value.as_bytes()), Some(value.as_bytes()), "{what}");
    }
    let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("a text");
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
}

fn assert_problem(answer: &Answer, status: StatusCode, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{what}");
    assert_eq!(answer.json["status"], status.as_u16(), "{what}");
    for field in ["type", "title", "detail"] {
        assert!(answer.json[field].as_str().is_some_and(|text| !text.is_empty()), "{what}: {field}");
    }
    assert_headers(answer, what);
}

#[test]
fn all_addresses_are_found() {
    assert!(pages().len() > 20 && calls().len() > 20, "{:?} {:?}", pages(), calls());
    for (method, path) in OPEN {
        assert!(pages().iter().any(|(known, page)| known == method && page == path), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_calls_without_a_token_or_with_one_that_is_none() {
    let world = World::new().await;
    let revoked = world.revoked().await;
    for (method, path) in of("msp", calls()) {
        for token in [None, Some("ks_nonsense"), Some(world.unknown()), Some(&*revoked)] {
            let answer = world.request(method.clone(), &path, token, &[], "{}").await;
            assert_problem(&answer, StatusCode::UNAUTHORIZED, &format!("{method} {path} {token:?}"));
            assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_partners_token_finds_nothing() {
    let world = World::new().await;
    for partner in ["msp", "nobody", "%20", "m%2Fsp"] {
        for (method, path) in of(partner, calls()) {
            let answer = world.request(method.clone(), &path, Some(&world.stranger), &[], "{}").await;
            assert_problem(&answer, StatusCode::NOT_FOUND, &format!("{method} {path}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_no_token() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.admin).await;
    for (method, path) in of("msp", calls()) {
        let answer = world.request(method.clone(), &path, None, &[("cookie", &cookie)], "{}").await;
        assert_problem(&answer, StatusCode::UNAUTHORIZED, &format!("{method} {path}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_changes_nothing() {
    let world = World::new().await;
    for (method, path) in of("msp", calls()) {
        if method == Method::GET {
            continue;
        }
        let answer = world.request(method.clone(), &path, Some(&world.viewer), &[], "{}").await;
        assert_problem(&answer, StatusCode::FORBIDDEN, &format!("{method} {path}"));
        // Nor with an idempotency key, for which the caller is resolved earlier.
        let key = &[("idempotency-key", "k")];
        let answer = world.request(method.clone(), &path, Some(&world.viewer), key, "{}").await;
        assert_problem(&answer, StatusCode::FORBIDDEN, &format!("{method} {path}"));
    }
    let cookie = world.sign_in(&world.viewer).await;
    for (method, path) in of("msp", pages()) {
        if method == Method::POST {
            let answer = world.request(method.clone(), &path, None, &[("cookie", &cookie)], "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
            assert_headers(&answer, &path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_sets_neither_connection_nor_switch_and_lets_nobody_in() {
    let world = World::new().await;
    for (method, path) in of("msp", calls()) {
        let is_access = ["/members", "/tokens", "/security-events"].iter().any(|of| path.contains(of));
        let is_admins = is_access || path.contains("/connection") && method != Method::GET;
        let is_refused = is_admins || is_report(&method, &path);
        let answer = world.request(method.clone(), &path, Some(&world.editor), &[], "{}").await;
        assert_eq!(answer.status == StatusCode::FORBIDDEN, is_refused, "{method} {path}");
    }
}

/// Whether a call reports the provider's counts.
fn is_report(method: &Method, path: &str) -> bool {
    let reports = ["/companies", "/products"];
    let is_list = reports.iter().any(|list| path.ends_with(list));
    *method == Method::PUT && (is_list || path.contains("/user-counts/") || path.contains("/charges/"))
}

#[tokio::test(flavor = "multi_thread")]
async fn case_f7_the_provider_alone_reports_and_does_nothing_else() {
    let world = World::new().await;
    let mut reports = 0;
    for (method, path) in of("msp", calls()) {
        let is_report = is_report(&method, &path);
        reports += usize::from(is_report);
        let is_standing = method == Method::GET && path.contains("/user-counts/");
        for (token, may) in [(&world.provider, is_report || is_standing), (&world.admin, !is_report)] {
            let answer = world.request(method.clone(), &path, Some(token), &[], "{}").await;
            assert_eq!(answer.status != StatusCode::FORBIDDEN, may, "{method} {path}: {}", answer.text);
        }
    }
    assert_eq!(reports, 4);
    let answer = world.sign_in_from([127, 0, 0, 1], &world.provider, "en").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "no page is its to see");
    // A partner's administrator cannot grant this role.
    for path in ["/v1/partners/msp/tokens", "/v1/partners/msp/members"] {
        let body = r#"{"name":"counts","email":"pia@example.com","role":"provider"}"#;
        let body = if path.ends_with("tokens") {
            body.replace(r#""email":"pia@example.com","#, "")
        } else {
            body.replace(r#""name":"counts","#, "")
        };
        let answer = world.request(Method::POST, path, Some(&world.admin), &[], &body).await;
        assert_eq!(answer.json["errors"][0]["field"], "role", "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_addresses_and_methods_are_problems_too() {
    let world = World::new().await;
    for path in ["/v1", "/v1/nothing", "/v1/partners/msp/nothing", "/v1/partners"] {
        let answer = world.request(Method::GET, path, Some(&world.admin), &[], "").await;
        assert_problem(&answer, StatusCode::NOT_FOUND, path);
    }
    for path in ["/v1/partners/msp/runs", "/v1/partners/msp", "/v1/partners/msp/holds/decisions"] {
        let answer = world.request(Method::DELETE, path, Some(&world.admin), &[], "").await;
        assert_problem(&answer, StatusCode::METHOD_NOT_ALLOWED, path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lead_to_sign_in_and_another_partners_are_not_there() {
    let world = World::new().await;
    let stranger = world.sign_in(&world.stranger).await;
    for (method, path) in of("msp", pages()) {
        let what = format!("{method} {path}");
        let answer = world.request(method.clone(), &path, None, &[], "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{what}");
        let to = answer.headers[header::LOCATION].to_str().expect("a text");
        assert!(to.starts_with("/sign-in?next=%2Fpartners%2Fmsp"), "{what}: {to}");
        assert_headers(&answer, &what);
        let answer = world.request(method.clone(), &path, None, &[("cookie", &stranger)], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{what}");
        assert_headers(&answer, &what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_is_taken_that_is_not_the_sessions_own() {
    let world = World::new().await;
    let cookie = world.sign_in(&world.admin).await;
    let forms = of("msp", pages()).into_iter().filter(|(method, _)| method == Method::POST);
    for (method, path) in forms.chain([(Method::POST, "/sign-out".to_owned())]) {
        for body in ["", "csrf=", "csrf=AAAA", &format!("csrf={}", world.csrf_of_another())] {
            let answer = world.request(method.clone(), &path, None, &[("cookie", &cookie)], body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}");
            assert_headers(&answer, &path);
        }
    }
}
