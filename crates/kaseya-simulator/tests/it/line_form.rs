//! Lines in another form than the guessed one: shown inside their contract or in one flat list, and written otherwise.

use kaseya_simulator::{LineForm, WriteBody};
use serde_json::{Value, json};

use crate::http::{LINE, LINES, Request, behaving, v1_token};

async fn read(form: LineForm, route: &str, target: &str) -> Value {
    let kaseya = behaving(|behaviour| {
        behaviour.lines.lines_route = route.to_owned();
        behaviour.lines.form = form;
    })
    .await;
    let token = v1_token(&kaseya).await;
    let answer = Request::get(target).token(&token).send(kaseya.address()).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn lines_are_shown_in_another_form_when_told_to() {
    let inside = LineForm { inside: Some("Services".to_owned()), ..LineForm::default() };
    let contract = read(inside, "/api/contracts/{contractId}", "/api/contracts/5012").await;
    assert_eq!(
        (&contract["Result"]["Id"], &contract["Result"]["Services"][0]["Id"]),
        (&json!(5012), &json!(90021))
    );
    let filtered = LineForm { filtered: true, ..LineForm::default() };
    let list = read(filtered, "/api/lines", "/api/lines?$filter=ContractId%20eq%205012").await;
    assert_eq!(list["Result"][0]["ContractId"], 5012);
    let names = [("Units".to_owned(), "Quantity".to_owned())].into();
    let form = LineForm {
        names,
        plain_days: true,
        without_status: true,
        numbered_pages: true,
        ..LineForm::default()
    };
    let list = read(
        form,
        "/api/finance/contracts/{contractId}/services",
        &format!("{LINES}?PageSize=1&PageNumber=1"),
    )
    .await;
    let line = &list["Result"][0];
    assert!(line["Quantity"].is_number() && line.get("Units").is_none(), "{list}");
    assert_eq!(line["EffectiveDate"].as_str().map(str::len), Some(10));
    assert!(list.get("Status").is_none() && list["Result"].as_array().map(Vec::len) == Some(1), "{list}");
}

#[tokio::test]
async fn lines_are_written_in_another_form_when_told_to() {
    for body in [WriteBody::Array, WriteBody::JsonPatch] {
        let kaseya = behaving(|behaviour| {
            behaviour.lines.form =
                LineForm { write_method: "PATCH".to_owned(), write_body: body, ..LineForm::default() };
        })
        .await;
        let token = v1_token(&kaseya).await;
        let shown = Request::get(LINES).token(&token).send(kaseya.address()).await.unwrap().json();
        let mut line = shown["Result"][0].clone();
        line["Units"] = json!(14);
        let sent = match body {
            WriteBody::JsonPatch => json!([{ "op": "replace", "path": "/Units", "value": 14 }]),
            _ => json!([line]),
        };
        let put = Request::json("PUT", LINE, &sent).token(&token).send(kaseya.address()).await.unwrap();
        assert_eq!(put.status, 404, "only PATCH is known");
        let patch = Request::json("PATCH", LINE, &sent).token(&token).send(kaseya.address()).await.unwrap();
        assert_eq!(patch.status, 200, "{body:?} {patch:?}");
        assert_eq!(kaseya.history().iter().map(|write| write.to).collect::<Vec<_>>(), [14.0]);
    }
}
