//! Switches for what another vendor's Kaseya might return (cases E1 to E12).

use kaseya_simulator::{
    ContractPrices, Endpoint, Fault, IdsBinding, LimitBehaviour, Running, State, StoredDate,
};
use serde_json::{Value, json};

use crate::http::{
    LINE, LINES, RIGHT, Request, behaving, put_units, simulator, small, v1_token, v2_login, v2_token,
};

async fn rows(kaseya: &Running, token: &str, target: &str) -> Vec<Value> {
    let answer = Request::get(target).token(token).send(kaseya.address()).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let rows = body.get("result").or(body.get("Result")).unwrap();
    rows.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_foreign_kaseya_has_pages_and_marks() {
    let kaseya = behaving(|behaviour| behaviour.byte_order_mark = true).await;
    let answer = v2_login(RIGHT).send(kaseya.address()).await.unwrap();
    assert!(answer.text.starts_with("\u{FEFF}{"), "{answer:?}");
    let kaseya = behaving(|behaviour| behaviour.maintenance = true).await;
    let answer = v2_login(RIGHT).send(kaseya.address()).await.unwrap();
    assert!(answer.status == 200 && answer.text.contains("maintenance"), "{answer:?}");
    let kaseya = behaving(|behaviour| behaviour.login.not_understood = Some(415)).await;
    let answer = v2_login(RIGHT).send(kaseya.address()).await.unwrap();
    assert_eq!((answer.status, &answer.json()["title"]), (415, &json!("Unsupported Media Type")));
    let kaseya = behaving(|behaviour| {
        behaviour.limits = LimitBehaviour { v2_per_hour: 0, forbidden: true, ..LimitBehaviour::default() };
    })
    .await;
    let answer = v2_login(RIGHT).send(kaseya.address()).await.unwrap();
    assert!(answer.status == 403 && answer.text.contains("quota"), "{answer:?}");
}

#[tokio::test]
async fn a_foreign_kaseya_shows_no_prices_of_contracts() {
    for (prices, shown) in [(ContractPrices::Zero, json!(0.0)), (ContractPrices::Null, Value::Null)] {
        let kaseya = behaving(|behaviour| behaviour.lists.contract_prices = prices).await;
        let token = v2_token(&kaseya).await;
        let contracts = rows(&kaseya, &token, "/v2/finance/contracts/summary").await;
        assert_eq!(contracts[0]["contractBillingPrice"], shown);
    }
}

#[tokio::test]
async fn a_foreign_kaseya_pages_and_filters_otherwise() {
    let many = |set: fn(&mut State)| {
        let mut state = State::builder().account(1, "One").account(2, "Two");
        for id in 1..=5 {
            state = state.contract(id, 1 + id % 2, "Contract");
        }
        let mut state = state.build();
        set(&mut state);
        state
    };
    let kaseya = simulator(many(|state| state.behaviour.lists.pages_from_zero = true)).await;
    let token = v2_token(&kaseya).await;
    let page = "/v2/finance/contracts/summary?PageSize=3&PageNumber=";
    assert_eq!(rows(&kaseya, &token, &format!("{page}0")).await.len(), 3);
    assert_eq!(rows(&kaseya, &token, &format!("{page}1")).await.len(), 2);
    for (ids, query, shown) in [
        (IdsBinding::Comma, "Ids=1&Ids=2", 1),
        (IdsBinding::Comma, "Ids=1,2", 2),
        (IdsBinding::Ignored, "Ids=1", 5),
        (IdsBinding::Repeated, "AccountId=1", 5),
    ] {
        let kaseya = simulator(many(|state| state.behaviour.lists.ignores_account = true)).await;
        kaseya.edit(|state| state.behaviour.lists.ids = ids).unwrap();
        let token = v2_token(&kaseya).await;
        let found = rows(&kaseya, &token, &format!("/v2/finance/contracts/lookup?{query}")).await;
        assert_eq!(found.len(), shown, "{query}");
    }
}

#[tokio::test]
async fn a_foreign_kaseya_shows_other_lines_and_pages_them() {
    let mut state = small();
    let mut other = state.contracts[0].clone();
    other.id = 5013;
    other.lines.truncate(1);
    other.lines[0].id = 90031;
    state.contracts.push(other);
    let kaseya = simulator(state).await;
    let token = v1_token(&kaseya).await;
    assert_eq!(rows(&kaseya, &token, &format!("{LINES}?$top=1&$skip=1")).await[0]["Id"], json!(90022));
    for (of_page, total) in [(false, 2), (true, 1)] {
        kaseya.edit(|state| state.behaviour.lines.totals_of_page = of_page).unwrap();
        let page = Request::get(&format!("{LINES}?$top=1&$skip=0")).token(&token);
        assert_eq!(page.send(kaseya.address()).await.unwrap().json()["TotalRecords"], json!(total));
    }
    for (by_asked_size, second) in [(false, 1), (true, 0)] {
        let rules = |state: &mut State| {
            let lines = &mut state.behaviour.lines;
            (lines.form.numbered_pages, lines.largest_page) = (true, Some(1));
            lines.pages_by_asked_size = by_asked_size;
        };
        kaseya.edit(rules).unwrap();
        let shown = rows(&kaseya, &token, &format!("{LINES}?PageSize=2&PageNumber=2")).await.len();
        assert_eq!(shown, second, "{by_asked_size}");
    }
    kaseya
        .edit(|state| {
            state.behaviour.lines.form.numbered_pages = false;
            state.behaviour.lines.largest_page = None;
        })
        .unwrap();
    kaseya.edit(|state| state.behaviour.lines.ignores_paging = true).unwrap();
    assert_eq!(rows(&kaseya, &token, &format!("{LINES}?$top=1&$skip=1")).await.len(), 2);
    kaseya.edit(|state| state.behaviour.lines.of_all_contracts = true).unwrap();
    assert_eq!(rows(&kaseya, &token, LINES).await[2]["ContractId"], json!(5013));
    kaseya
        .edit(|state| {
            state.behaviour.lines.largest_page = Some(1);
            state.behaviour.lines.without_totals = true;
            state.behaviour.lines.without_contract_ids = true;
        })
        .unwrap();
    let answer = Request::get(LINES).token(&token).send(kaseya.address()).await.unwrap().json();
    assert_eq!((answer.get("TotalRecords"), answer["Result"].as_array().unwrap().len()), (None, 1));
    assert_eq!(answer["Result"][0].get("ContractId"), None);
}

#[tokio::test]
async fn a_foreign_kaseya_stores_and_answers_writes_otherwise() {
    for (stored, day) in [(StoredDate::NextMonth, "2026-04-01"), (StoredDate::AsBefore, "2024-01-01")] {
        let kaseya = behaving(|behaviour| behaviour.lines.stored_date = stored).await;
        let token = v1_token(&kaseya).await;
        put_units(&kaseya, &token, 14).await.send(kaseya.address()).await.unwrap();
        let line = kaseya.state().lines(5012).unwrap()[0].clone();
        assert_eq!((line.units, line.effective_date.to_string()), (14.0, day.to_owned()));
    }
    let kaseya = behaving(|behaviour| behaviour.lines.resets_prices = true).await;
    kaseya.edit(|state| state.contracts[0].lines[0].unit_price = 9.75).unwrap();
    let token = v1_token(&kaseya).await;
    put_units(&kaseya, &token, 14).await.send(kaseya.address()).await.unwrap();
    let (line, service) =
        (kaseya.state().lines(5012).unwrap()[0].clone(), kaseya.state().services[0].clone());
    assert_eq!((line.units, line.unit_price, line.unit_cost), (14.0, service.unit_price, 0.0));

    let kaseya = behaving(|behaviour| behaviour.lines.forgets_extras = true).await;
    kaseya
        .edit(|state| {
            state.contracts[0].lines[0].extras.insert("Discount".to_owned(), json!(5));
        })
        .unwrap();
    let token = v1_token(&kaseya).await;
    put_units(&kaseya, &token, 14).await.send(kaseya.address()).await.unwrap();
    let line = kaseya.state().lines(5012).unwrap()[0].clone();
    assert_eq!((line.units, line.extras.len()), (14.0, 0));

    let kaseya = behaving(|behaviour| {
        behaviour.lines.success_status = "Success".to_owned();
        behaviour.lines.success_error = "Nothing".to_owned();
        behaviour.lines.without_effect = true;
    })
    .await;
    let token = v1_token(&kaseya).await;
    let answer = put_units(&kaseya, &token, 14).await.send(kaseya.address()).await.unwrap().json();
    assert_eq!((&answer["Status"], &answer["Error"]), (&json!("Success"), &json!("Nothing")));
    assert_eq!(kaseya.history(), []);

    let kaseya = behaving(|behaviour| behaviour.lines.answers_nothing = true).await;
    let token = v1_token(&kaseya).await;
    let answer = put_units(&kaseya, &token, 14).await.send(kaseya.address()).await.unwrap();
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    for fault in
        [Fault::ApplyThenAnswer { status: 409, body: json!({}) }, Fault::ApplyThenPage { status: 408 }]
    {
        kaseya.fail(Endpoint::WriteLine, 1, fault);
        let put = put_units(&kaseya, &token, 15).await;
        assert!(put.target == LINE && put.send(kaseya.address()).await.unwrap().status >= 408);
    }
    assert_eq!(kaseya.history().len(), 3);
}
