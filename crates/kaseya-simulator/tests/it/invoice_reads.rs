//! Invoices over HTTP, and the days on which a tenant posts and invoices by itself.

use jiff::civil::date;
use kaseya_simulator::{ChargeKind, InvoicedPeriod, Invoicing, Running, State};
use serde_json::{Value, json};

use crate::http::{LINE, Request, line_with_units, noon, simulator, small, v1_token, v2_token};

async fn read(kaseya: &Running, request: Request) -> Value {
    let answer = request.token(&v2_token(kaseya).await).send(kaseya.address()).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["result"].clone()
}

async fn invoices(kaseya: &Running) -> Vec<Value> {
    let rows = read(kaseya, Request::get("/v2/finance/invoices/summary")).await;
    rows.as_array().unwrap().clone()
}

async fn write(kaseya: &Running, units: i32, effective_date: &str) {
    let token = v1_token(kaseya).await;
    let mut line = line_with_units(kaseya, &token, json!(units)).await;
    line["EffectiveDate"] = json!(effective_date);
    let answer = Request::json("PUT", LINE, &line).token(&token).send(kaseya.address()).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Names, without the line's own, and quantities of the first line's charges.
fn charges(invoice: &Value) -> Vec<(String, f64)> {
    let lines = invoice["lineItems"].as_array().unwrap().iter();
    let first = lines.filter(|line| line["name"] == "Password Boss Standard");
    first
        .map(|line| (line["description"].as_str().unwrap().to_owned(), line["qty"].as_f64().unwrap()))
        .collect()
}

#[tokio::test]
async fn an_invoice_shows_what_the_lines_history_comes_to() {
    let kaseya = simulator(small()).await;
    kaseya.invoice(date(2026, 2, 1)).unwrap();
    write(&kaseya, 14, "2026-02-01").await;
    write(&kaseya, 20, "2026-03-16").await;
    kaseya.clock().set("2026-04-01T06:00:00Z".parse().unwrap());
    kaseya.invoice(date(2026, 3, 1)).unwrap();

    let rows = invoices(&kaseya).await;
    let totals: Vec<&Value> = rows.iter().map(|row| &row["totalPrice"]).collect();
    // 14 and 16 days of 6 more, the 2 missing in February, and 3 of the other service.
    assert_eq!(totals, [&json!(57.0), &json!(14.0 * 3.5 + 10.84 + 2.0 * 3.5 + 15.0)]);
    assert_eq!(
        (&rows[1]["invoiceFrom"], &rows[1]["invoiceTo"]),
        (&json!("2026-03-01T00:00:00"), &json!("2026-03-31T00:00:00"))
    );
    assert_eq!(rows[1].get("lineItems"), None);

    let invoice = read(&kaseya, Request::get("/v2/finance/invoices/2")).await;
    let expected = [
        ("From 2026-03-01".to_owned(), 14.0),
        ("Proration from 2026-03-16".to_owned(), 6.0 * 16.0 / 31.0),
        ("Correction of the period from 2026-02-01".to_owned(), 2.0),
    ];
    assert_eq!(charges(&invoice), expected);
    let details = json!({"Filter": {"ListInvoiceIds": "2"}});
    let details = read(&kaseya, Request::json("POST", "/v2/finance/invoices/details", &details)).await;
    assert_eq!(details, invoice["lineItems"]);
}

#[tokio::test]
async fn invoices_are_found_by_number_account_day_and_whether_they_are_in_the_books() {
    let mut state = small();
    state.invoice(date(2026, 1, 1), "2026-02-01T06:00:00Z".parse().unwrap());
    state.invoice(date(2026, 2, 1), noon());
    state.invoices[0].posted_to_accounting = Some(noon());
    let kaseya = simulator(state).await;
    let found = async |filter: &str| {
        let rows = read(&kaseya, Request::get(&format!("/v2/finance/invoices/summary?{filter}"))).await;
        rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<i64>>()
    };
    assert_eq!(found("").await, [1, 2]);
    assert_eq!(found("Filter.Id=2").await, [2]);
    assert_eq!(found("Filter.InvoiceNumber=inv-1").await, [1]);
    assert_eq!(found("Filter.AccountId=301&Filter.AccountName=panif").await, [1, 2]);
    assert_eq!(found("Filter.AccountId=302").await, [0_i64; 0]);
    assert_eq!(found("Filter.CreatedFrom=2026-02-02&Filter.CreatedTo=2026-03-01").await, [2]);
    assert_eq!(found("Filter.PostedToAccounting=true").await, [1]);
    assert_eq!(found("PageSize=1&PageNumber=2").await, [2]);
}

fn billing_itself() -> State {
    let mut state = small();
    state.behaviour.invoicing = Invoicing { day: Some(5), posting_day: Some(2) };
    state
}

#[tokio::test]
async fn what_is_posted_is_fixed_and_seen_by_no_read_until_it_is_invoiced() {
    let kaseya = simulator(billing_itself()).await;
    kaseya.clock().set("2026-04-01T22:30:00Z".parse().unwrap());
    let march = InvoicedPeriod { contract: 5012, from: date(2026, 3, 1), until: date(2026, 4, 1) };
    assert_eq!(kaseya.state().posted.iter().map(|posting| posting.period).collect::<Vec<_>>(), [march]);
    // February was invoiced on the fifth of March; March is posted and no call shows it.
    assert_eq!(invoices(&kaseya).await.len(), 1);
    write(&kaseya, 20, "2026-03-01").await;
    kaseya.clock().set("2026-04-04T22:00:00Z".parse().unwrap());
    let made = kaseya.state().invoices;
    let lines = made[1].lines.iter().filter(|line| line.line == 90021);
    assert_eq!(lines.map(|line| line.quantity).collect::<Vec<_>>(), [12.0], "as it was when it was posted");
    kaseya.clock().set("2026-05-05T00:00:00Z".parse().unwrap());
    let made = kaseya.state().invoices;
    let april: Vec<_> = made[2]
        .lines
        .iter()
        .filter(|line| line.line == 90021)
        .map(|line| (line.kind, line.quantity))
        .collect();
    assert_eq!(april, [(ChargeKind::Recurring, 20.0), (ChargeKind::Correction, 8.0)]);
}

#[tokio::test]
async fn a_clock_that_leaps_a_year_invoices_each_month_on_its_day() {
    let kaseya = simulator(billing_itself()).await;
    kaseya.clock().set("2027-03-01T11:00:00Z".parse().unwrap());
    let made = kaseya.state().invoices;
    let days: Vec<String> = made.iter().map(|invoice| invoice.made.to_string()).collect();
    assert_eq!(days.len(), 12);
    // Midnight of the fifth in Rome, in winter and in summer.
    assert_eq!((&*days[0], &*days[1]), ("2026-03-04T23:00:00Z", "2026-04-04T22:00:00Z"));
    assert!(made.windows(2).all(|pair| pair[0].until == pair[1].from), "{made:?}");

    // A clock that is set back and then continues repeats nothing.
    kaseya.clock().set("2026-03-01T11:00:00Z".parse().unwrap());
    assert_eq!(kaseya.state().invoices.len(), 12);
    kaseya.clock().set("2027-03-01T11:00:00Z".parse().unwrap());
    assert_eq!(kaseya.state().invoices.len(), 12);
}

#[tokio::test]
async fn a_day_that_a_month_does_not_have_is_its_last_and_without_a_day_nothing_is_invoiced() {
    let mut state = small();
    state.behaviour.invoicing.day = Some(31);
    let kaseya = simulator(state).await;
    kaseya.clock().set("2026-04-29T21:59:59Z".parse().unwrap());
    assert_eq!(kaseya.state().invoices.len(), 1);
    kaseya.clock().set("2026-04-29T22:00:00Z".parse().unwrap());
    assert_eq!(kaseya.state().invoices.len(), 2);

    let kaseya = simulator(small()).await;
    kaseya.clock().set("2027-04-29T22:00:00Z".parse().unwrap());
    assert_eq!(kaseya.state().invoices, []);
}
