//! The V2 part against the vendor's own description, wherever that is at hand.

use std::{collections::BTreeMap, path::Path};

use kaseya_simulator::{Casing, ContractStatus, Endpoint, Running, State};
use serde_json::{Value, json};

use crate::{
    calls_file::{calls_file, is_date_time, list, text},
    http::{RIGHT, Request, noon, simulator, small, v2_login},
};

/// The vendor's description; a machine without it checks the calls file only.
fn excerpt() -> Option<Value> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if !shared.exists() {
        eprintln!("the vendor's description is not here: only the calls file is checked");
        return None;
    }
    let path = shared.join("kaseya/bms-openapi-v2-excerpt.json");
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn named<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The schema behind a reference.
fn follow<'a>(excerpt: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref") {
        Some(reference) => {
            let name = text(reference).rsplit('/').next().unwrap();
            &excerpt["components"]["schemas"][name]
        }
        None => schema,
    }
}

fn operation<'a>(excerpt: &'a Value, method: &str, path: &str) -> &'a Value {
    &excerpt["paths"][path][method.to_lowercase()]
}

fn answer_schema<'a>(excerpt: &'a Value, operation: &'a Value) -> &'a Value {
    follow(excerpt, &operation["responses"]["200"]["content"]["application/json"]["schema"])
}

fn type_of(schema: &Value) -> &str {
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("date-time")) => "date-time",
        (Some(kind), _) => kind,
        (None, _) => panic!("a schema without a type: {schema}"),
    }
}

/// How the wire spells a declared name: .NET's camelCase, in which capitals at the beginning go together.
fn camel(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let small = |place: usize| letters.get(place).is_none_or(|letter| letter.is_lowercase());
    let stays = |place: usize| {
        letters[place].is_lowercase() || (place > 0 && small(place + 1) && place + 1 < letters.len())
    };
    let begin = (0..letters.len()).find(|place| stays(*place)).unwrap_or(letters.len());
    let (head, tail) = letters.split_at(begin);
    head.iter().flat_map(|letter| letter.to_lowercase()).chain(tail.iter().copied()).collect()
}

/// Names as the wire has them, or as the description has them.
type Spelling = fn(&str) -> String;

/// What in a value is not as the vendor declares it: wrong type, unknown field, absent field, other spelling.
fn faults(excerpt: &Value, schema: &Value, value: &Value, place: &str, spelling: Spelling) -> Vec<String> {
    // A reference cannot be declared nullable in OpenAPI 3.0; the error of a success is null.
    if value.is_null() && (schema["nullable"] == json!(true) || schema.get("$ref").is_some()) {
        return Vec::new();
    }
    let schema = follow(excerpt, schema);
    let right = match type_of(schema) {
        "integer" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "date-time" => value.as_str().is_some_and(is_date_time),
        "array" if value.is_array() => {
            let items = list(value).iter();
            return items.flat_map(|item| faults(excerpt, &schema["items"], item, place, spelling)).collect();
        }
        "array" => false,
        "object" => return faults_of_object(excerpt, schema, value, place, spelling),
        other => panic!("{place} is declared as {other}"),
    };
    if right { Vec::new() } else { vec![format!("{place} is {value}, not {}", type_of(schema))] }
}

fn faults_of_object(
    excerpt: &Value,
    schema: &Value,
    value: &Value,
    place: &str,
    spelling: Spelling,
) -> Vec<String> {
    let Some(fields) = value.as_object() else { return vec![format!("{place} is {value}, not an object")] };
    let declared = schema["properties"].as_object().unwrap();
    let spelt: BTreeMap<String, &Value> =
        declared.iter().map(|(name, property)| (spelling(name), property)).collect();
    let unknown = fields.keys().filter(|name| !spelt.contains_key(*name));
    let mut found: Vec<String> = unknown.map(|name| format!("{place}.{name} is not declared")).collect();
    for (name, property) in spelt {
        match value.get(&name) {
            Some(value) => {
                found.extend(faults(excerpt, property, value, &format!("{place}.{name}"), spelling));
            }
            None => found.push(format!("{place}.{name} is missing")),
        }
    }
    found
}

/// A value such as the vendor declares for what is sent, every field in it. Ids, names and days are those of [`tenant`].
fn sample(excerpt: &Value, schema: &Value, name: &str) -> Value {
    let schema = follow(excerpt, schema);
    match (name, type_of(schema)) {
        (_, "object") => {
            let properties = schema["properties"].as_object().unwrap().iter();
            properties.map(|(name, schema)| (name.clone(), sample(excerpt, schema, name))).collect()
        }
        ("CategoryIds" | "SubCategoryIds" | "UnitOfMeasureIds", "array") => json!([]),
        (_, "array") => json!([sample(excerpt, &schema["items"], name)]),
        ("AccountId", _) => json!(301),
        ("ServiceId", _) => json!(701),
        ("BillingCycleId", _) => json!(2),
        ("ListInvoiceIds" | "ListStatusId", _) => json!("1"),
        ("EndDate", _) => json!("2027-12-31T00:00:00"),
        (_, "date-time") => json!("2026-03-01T00:00:00"),
        (_, "integer" | "number") => json!(1),
        (_, "boolean") => json!(true),
        (_, "string") => json!("x"),
        (_, other) => panic!("{name} is declared as {other}"),
    }
}

fn respelt(value: Value, spelling: Spelling) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (spelling(&name), respelt(value, spelling))).collect()
        }
        Value::Array(items) => items.into_iter().map(|item| respelt(item, spelling)).collect(),
        other => other,
    }
}

fn body_schema(excerpt: &Value, endpoint: Endpoint) -> &Value {
    let operation = operation(excerpt, endpoint.method(), endpoint.route());
    &operation["requestBody"]["content"]["application/json"]["schema"]
}

/// An inactive contract whose lines have been invoiced for February.
fn tenant() -> State {
    let mut state = small();
    state.contract_mut(5012).unwrap().status = ContractStatus::Inactive;
    state.contract_mut(5012).unwrap().end = Some("2027-12-31".parse().unwrap());
    let mut billing = small();
    billing.invoice("2026-02-01".parse().unwrap(), noon());
    state.invoices = billing.invoices;
    state
}

/// The calls of V2, but for the login and the refresh, which are forms.
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

/// Sends every call and holds its answer against the description.
async fn check_answers(excerpt: &Value, kaseya: &Running, spelling: Spelling) {
    let [access, refresh] = tokens(kaseya).await;
    let calls = v2_calls()
        .into_iter()
        .map(|endpoint| (endpoint, request(excerpt, endpoint, spelling).token(&access)));
    let pair = [("AccessToken", &*access), ("RefreshToken", &*refresh)];
    let forms = [
        (Endpoint::Authenticate, v2_login(RIGHT)),
        // The last of all, for it ends the token of the others.
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
                // Who sees what, and single sign-on, are not simulated.
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

/// Every field of the calls file stands in the vendor's description with the same type.
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
