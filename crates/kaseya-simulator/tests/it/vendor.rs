//! V2 compared with the vendor's own description, wherever it is available.

use kaseya_simulator::{Casing, ContractStatus, Endpoint, Running, State};
use serde_json::{Value, json};

use crate::{
    calls_file::{calls_file, list, text},
    description::{
        Spelling, answer_schema, camel, excerpt, faults, follow, named, operation, respelt, sample, type_of,
    },
    http::{RIGHT, Request, noon, simulator, small, v2_login},
};

fn body_schema(excerpt: &Value, endpoint: Endpoint) -> &Value {
    let operation = operation(excerpt, endpoint.method(), endpoint.route());
    &operation["requestBody"]["content"]["application/json"]["schema"]
}

/// An inactive contract with lines invoiced for February.
fn tenant() -> State {
    let mut state = small();
    state.contract_mut(5012).unwrap().status = ContractStatus::Inactive;
    state.contract_mut(5012).unwrap().end = Some("2027-12-31".parse().unwrap());
    let mut billing = small();
    billing.invoice("2026-02-01".parse().unwrap(), noon());
    state.invoices = billing.invoices;
    state
}

/// The calls of V2, except the login and the refresh, which are forms.
fn v2_calls() -> Vec<Endpoint> {
    let forms = [Endpoint::Authenticate, Endpoint::Refresh];
    let calls: Vec<Endpoint> = Endpoint::ALL
        .into_iter()
        .filter(|endpoint| endpoint.route().starts_with("/v2/") && !forms.contains(endpoint))
        .collect();
    assert_eq!(calls.len(), 22);
    calls
}

fn target(endpoint: Endpoint) -> String {
    let id = if endpoint == Endpoint::Invoice { "1" } else { "301" };
    endpoint.route().replace("{contractId}", "5012").replace("{serviceId}", "701").replace("{id}", id)
}

fn request(excerpt: &Value, endpoint: Endpoint, spelling: Spelling) -> Request {
    let schema = body_schema(excerpt, endpoint);
    let mut body = if schema.is_null() { Value::Null } else { sample(excerpt, schema, "") };
    if matches!(endpoint, Endpoint::ServicesSearch | Endpoint::RelatedServices | Endpoint::InvoiceDetails) {
        // A search that finds something.
        body["Filter"] = json!({});
    }
    let mut request = Request::json(endpoint.method(), &target(endpoint), &respelt(body, spelling));
    if schema.is_null() {
        request.content_type = None;
        request.body.clear();
    }
    request
}

/// The access and the refresh token of a new login.
async fn tokens(kaseya: &Running) -> [String; 2] {
    let login = v2_login(RIGHT).send(kaseya.address()).await.unwrap().json();
    let result = named(&login, "result").unwrap().clone();
    ["accessToken", "refreshToken"].map(|name| text(named(&result, name).unwrap()).to_owned())
}

/// Sends every call and compares its response with the description.
async fn check_answers(excerpt: &Value, kaseya: &Running, spelling: Spelling) {
    let [access, refresh] = tokens(kaseya).await;
    let calls = v2_calls()
        .into_iter()
        .map(|endpoint| (endpoint, request(excerpt, endpoint, spelling).token(&access)));
    let pair = [("AccessToken", &*access), ("RefreshToken", &*refresh)];
    let forms = [
        (Endpoint::Authenticate, v2_login(RIGHT)),
        // The last of all, because it ends the others' token.
        (Endpoint::Refresh, Request::form(Endpoint::Refresh.route(), &pair)),
    ];
    for (endpoint, request) in calls.chain(forms) {
        let answer = request.send(kaseya.address()).await.unwrap();
        assert_eq!(answer.status, 200, "{endpoint}: {answer:?}");
        let operation = operation(excerpt, endpoint.method(), endpoint.route());
        assert!(operation.is_object(), "{endpoint} is not the vendor's");
        let schema = answer_schema(excerpt, operation);
        let answer = answer.json();
        assert_eq!(faults(excerpt, schema, &answer, endpoint.route(), spelling), Vec::<String>::new());
        let shows = match named(&answer, "result") {
            Some(Value::Array(rows)) => endpoint == Endpoint::InvoiceDiscounts || !rows.is_empty(),
            Some(result) => result.is_object(),
            None => endpoint == Endpoint::AccountSummary,
        };
        assert!(shows, "{endpoint} shows nothing to be checked");
    }
}

#[tokio::test]
async fn every_v2_answer_is_as_the_vendor_declares_it_in_the_wires_spelling() {
    let Some(excerpt) = excerpt() else { return };
    check_answers(&excerpt, &simulator(tenant()).await, camel).await;
}

#[tokio::test]
async fn every_v2_answer_can_come_in_the_descriptions_own_spelling() {
    let Some(excerpt) = excerpt() else { return };
    let mut state = tenant();
    state.behaviour.casing = Casing::Pascal;
    check_answers(&excerpt, &simulator(state).await, str::to_owned).await;
}

#[tokio::test]
async fn every_declared_field_of_a_body_is_taken_and_is_of_the_declared_type() {
    let Some(excerpt) = excerpt() else { return };
    let mut bodies = 0;
    for endpoint in v2_calls() {
        let schema = body_schema(&excerpt, endpoint);
        if schema.is_null() {
            continue;
        }
        bodies += 1;
        for spelling in [camel as Spelling, str::to_owned, str::to_lowercase] {
            let kaseya = simulator(tenant()).await;
            let [token, _] = tokens(&kaseya).await;
            let whole = respelt(sample(&excerpt, schema, ""), spelling);
            let whole = Request::json(endpoint.method(), &target(endpoint), &whole).token(&token);
            let answer = whole.send(kaseya.address()).await.unwrap();
            assert_eq!(answer.status, 200, "{endpoint}: {answer:?}");
        }
        let kaseya = simulator(tenant()).await;
        let [token, _] = tokens(&kaseya).await;
        for wrong in ["{", "7", "{\"PageSize\": \"ten\"", "[7]"] {
            let mut broken = request(&excerpt, endpoint, str::to_owned).token(&token);
            broken.body = wrong.to_owned();
            let answer = broken.send(kaseya.address()).await.unwrap();
            assert_eq!(answer.status, 400, "{endpoint} takes {wrong}: {answer:?}");
        }
    }
    assert_eq!(bodies, 7);
}

#[tokio::test]
async fn every_declared_parameter_is_taken_in_any_case_and_is_of_the_declared_type() {
    let Some(excerpt) = excerpt() else { return };
    let kaseya = simulator(tenant()).await;
    let [token, _] = tokens(&kaseya).await;
    let mut checked = 0;
    for endpoint in v2_calls() {
        let operation = operation(&excerpt, endpoint.method(), endpoint.route());
        for parameter in list(&operation["parameters"]).iter().filter(|parameter| parameter["in"] == "query")
        {
            let name = text(&parameter["name"]);
            let kind = match type_of(&parameter["schema"]) {
                "array" => type_of(&parameter["schema"]["items"]),
                kind => kind,
            };
            let (right, wrong) = match kind {
                "integer" => ("1", Some("one")),
                "boolean" => ("true", Some("perhaps")),
                "date-time" => ("2026-03-01", Some("soon")),
                _ => ("x", None),
            };
            let status = async |name: &str, value: &str| {
                let request = Request::get(&format!("{}?{name}={value}", target(endpoint))).token(&token);
                request.send(kaseya.address()).await.unwrap().status
            };
            for name in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
                assert_eq!(status(&name, right).await, 200, "{endpoint} {name}");
                // Security scopes and single sign-on are not simulated.
                if let Some(wrong) = wrong.filter(|_| !name.eq_ignore_ascii_case("Filter.WithSecurityScope"))
                {
                    assert_eq!(status(&name, wrong).await, 400, "{endpoint} {name}");
                }
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} parameters");
}

#[tokio::test]
async fn a_v2_refusal_is_as_the_vendor_declares_it() {
    let Some(excerpt) = excerpt() else { return };
    let kaseya = simulator(small()).await;
    let route = Endpoint::ContractsLookup.route();
    let refused = Request::get(route).send(kaseya.address()).await.unwrap();
    assert_eq!(refused.status, 401);
    let schema = answer_schema(&excerpt, operation(&excerpt, "GET", route));
    assert_eq!(faults(&excerpt, schema, &refused.json(), "refusal", camel), Vec::<String>::new());
}

/// The vendor's schema of a request field: a parameter, a form field, or a field of the body.
fn declared_input<'a>(
    excerpt: &'a Value,
    operation: &'a Value,
    place: &str,
    name: &str,
) -> Option<&'a Value> {
    let content = &operation["requestBody"]["content"];
    match place {
        "query" => list(&operation["parameters"])
            .iter()
            .find(|parameter| parameter["name"] == name && parameter["in"] == "query")
            .map(|parameter| &parameter["schema"]),
        "form" => content["multipart/form-data"]["schema"]["properties"].get(name),
        "body" => {
            let mut schema = &content["application/json"]["schema"];
            for step in name.split('.') {
                schema = follow(excerpt, schema)["properties"].get(step)?;
            }
            Some(schema)
        }
        other => panic!("the calls file has a field in {other}"),
    }
}

/// Every field of the calls file is in the vendor's description with the same type.
fn compare_fields(excerpt: &Value, schema: &Value, fields: &[Value], place: &str) {
    for field in fields {
        let name = text(&field["name"]);
        let property = named(&follow(excerpt, schema)["properties"], name)
            .unwrap_or_else(|| panic!("{place}.{name} is not the vendor's"));
        let kind = if property.get("$ref").is_some() { "object" } else { type_of(property) };
        if field["type"] != "any" {
            assert_eq!(text(&field["type"]), kind, "{place}.{name}");
        }
        let may_be_null = property["nullable"] == json!(true);
        let says_so = field["nullable"] == json!(true) || field.get("standing").is_some();
        assert!(!may_be_null || says_so, "{place}.{name} may be null for the vendor");
        if field["items"].is_array() {
            compare_fields(excerpt, &property["items"], list(&field["items"]), name);
        }
    }
}

#[test]
fn the_calls_file_says_of_v2_what_the_vendor_says() {
    let Some(excerpt) = excerpt() else { return };
    let file = calls_file();
    let v2: Vec<&Value> = list(&file["calls"]).iter().filter(|call| call["api"] == "v2").collect();
    assert_eq!(v2.len(), 8);
    for call in v2 {
        let name = text(&call["name"]);
        assert_eq!(call["standing"], "vendor", "{name}");
        let operation = operation(&excerpt, text(&call["method"]), text(&call["path"]));
        assert!(operation.is_object(), "{name} is not the vendor's");
        for field in list(&call["request"]["fields"]) {
            let (field_name, place) = (text(&field["name"]), text(&field["in"]));
            let schema = declared_input(&excerpt, operation, place, field_name)
                .unwrap_or_else(|| panic!("{name} has no {field_name} in its {place}"));
            let kind = match type_of(schema) {
                "array" => format!("{}[]", type_of(&schema["items"])),
                kind => kind.to_owned(),
            };
            assert_eq!(text(&field["type"]), kind, "{name}.{field_name}");
        }
        let whole = answer_schema(&excerpt, operation);
        let envelope = &file["envelopes"][text(&call["answer"]["envelope"])];
        compare_fields(&excerpt, whole, list(&envelope["fields"]), name);
        let result = follow(&excerpt, &whole["properties"]["Result"]);
        assert_eq!(text(&call["answer"]["result"]), type_of(result), "{name}");
        let row = if result["type"] == "array" { &result["items"] } else { result };
        compare_fields(&excerpt, row, list(&call["answer"]["fields"]), name);
    }
}
