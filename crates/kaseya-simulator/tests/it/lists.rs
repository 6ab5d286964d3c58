//! Look-ups and searches: filters, pages, order.

use kaseya_simulator::{ContractStatus, Running, State};
use serde_json::{Value, json};

use crate::http::{Request, simulator, small, v2_token};

async fn ask(kaseya: &Running, request: Request) -> Value {
    let token = v2_token(kaseya).await;
    let answer = request.token(&token).send(kaseya.address()).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn ids(answer: &Value) -> Vec<i64> {
    answer["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn many() -> State {
    let mut builder = State::builder().account(1, "Àncora & Figli").account(2, "Officine D'Angelo");
    for id in 1..=230 {
        builder = builder.contract(id, 1 + id % 2, &format!("Contract {id}"));
    }
    builder.build()
}

#[tokio::test]
async fn contracts_are_looked_up_by_ids_account_name_and_end() {
    let mut state = many();
    state.contract_mut(4).unwrap().end = Some("2026-02-28".parse().unwrap());
    state.contract_mut(6).unwrap().end = Some("2026-03-01".parse().unwrap());
    let kaseya = simulator(state).await;
    let lookup = async |query: &str| {
        ids(&ask(&kaseya, Request::get(&format!("/v2/finance/contracts/lookup{query}"))).await)
    };
    assert_eq!(lookup("?Ids=7&ids=3&IDS=999").await, [3, 7]);
    assert_eq!(lookup("?AccountId=2&Name=CONTRACT%2022").await, [221, 223, 225, 227, 229]);
    assert_eq!(lookup("?Ids=4&Ids=6&ExcludeExpiredContracts=true").await, [6]);
    assert_eq!(lookup("?Ids=4&Ids=6&ExcludeExpiredContracts=false").await, [4, 6]);
    // No page limit here.
    assert_eq!(lookup("").await.len(), 230);
}

#[tokio::test]
async fn a_page_has_at_most_a_hundred_rows_and_every_row_is_on_one_page() {
    let kaseya = simulator(many()).await;
    let summary = async |query: &str| {
        ask(&kaseya, Request::get(&format!("/v2/finance/contracts/summary?{query}"))).await
    };
    let mut seen = Vec::new();
    for page in 1..=4 {
        let answer = summary(&format!("pagesize=500&PAGENUMBER={page}")).await;
        assert_eq!(answer["totalRecords"], 230);
        seen.extend(ids(&answer));
    }
    assert_eq!(seen, (1..=230).collect::<Vec<i64>>());
    assert_eq!(ids(&summary("").await).len(), 100);
    assert_eq!(summary("PageNumber=0&PageSize=2").await, summary("PageNumber=1&PageSize=2").await);
    assert_eq!(ids(&summary("PageSize=3&Sort=Id%20desc").await), [230, 229, 228]);
}

#[tokio::test]
async fn a_summary_is_filtered_and_shows_total_status_and_end() {
    let mut state = small();
    let contract = state.contract_mut(5012).unwrap();
    contract.status = ContractStatus::Inactive;
    let kaseya = simulator(state).await;
    let summary = async |query: &str| {
        ask(&kaseya, Request::get(&format!("/v2/finance/contracts/summary?{query}"))).await
    };
    let row = summary("Filter.AccountName=nicCOL%C3%92").await["result"][0].clone();
    assert_eq!(row["contractBillingPrice"], json!(12.0 * 3.5 + 3.0 * 5.0));
    assert_eq!((&row["status"], &row["endDate"]), (&json!("Inactive"), &json!("0001-01-01T00:00:00")));
    assert_eq!(ids(&summary("Filter.Status=active").await), [0_i64; 0]);
    assert_eq!(ids(&summary("Filter.ContractType=recurring&Filter.BillingCycle=month").await), [5012]);
}

#[tokio::test]
async fn services_are_searched_by_part_of_the_name_and_by_being_active() {
    let mut state = small();
    state.services[0].active = false;
    let kaseya = simulator(state).await;
    let search = async |body: Value| {
        ids(&ask(&kaseya, Request::json("POST", "/v2/admin/finance/services/search", &body)).await)
    };
    assert_eq!(search(json!({})).await, [701, 702]);
    assert_eq!(search(json!({"filter": {"name": "BOSS std"}})).await, [0_i64; 0]);
    assert_eq!(search(json!({"Filter": {"Name": "boss"}, "PageSize": 1, "PageNumber": 2})).await, [702]);
    assert_eq!(search(json!({"Filter": {"IsActive": 1}})).await, [702]);
    assert_eq!(search(json!({"Filter": {"CategoryIds": [4]}})).await, [0_i64; 0]);
    let lookup = ask(&kaseya, Request::get("/v2/admin/finance/services/lookup?Filter.Id=702")).await;
    assert_eq!((ids(&lookup), &lookup["totalRecords"]), (vec![702], &json!(1)));

    let token = v2_token(&kaseya).await;
    let wrong =
        Request::json("POST", "/v2/admin/finance/services/search", &json!({"Filter": {"IsActive": true}}));
    assert_eq!(wrong.token(&token).send(kaseya.address()).await.unwrap().status, 400);
}

#[tokio::test]
async fn accounts_are_looked_up_without_a_total_and_inactive_ones_only_when_asked() {
    let mut state = many();
    state.accounts[1].active = false;
    let kaseya = simulator(state).await;
    let lookup =
        async |query: &str| ask(&kaseya, Request::get(&format!("/v2/crm/accounts/lookup?{query}"))).await;
    let active = lookup("").await;
    assert_eq!((ids(&active), active.get("totalRecords")), (vec![1], None));
    assert_eq!(ids(&lookup("Filter.WithInactiveAccounts=true").await), [1, 2]);
    assert_eq!(ids(&lookup("Filter.Name=D%27ANGELO&Filter.WithInactiveAccounts=true").await), [2]);
    assert_eq!(ids(&lookup("Filter.Ids=2&Filter.Ids=1").await), [1]);
}

#[tokio::test]
async fn a_query_that_is_no_number_is_refused() {
    let kaseya = simulator(many()).await;
    let token = v2_token(&kaseya).await;
    for query in ["Ids=x", "AccountId=1.5", "ExcludeExpiredContracts=perhaps"] {
        let request = Request::get(&format!("/v2/finance/contracts/lookup?{query}")).token(&token);
        let answer = request.send(kaseya.address()).await.unwrap();
        assert_eq!((answer.status, &answer.json()["success"]), (400, &json!(false)), "{query}");
    }
}
