//! Lines in a form other than the guessed one: inside their contract or in one flat list, and written differently.

use kaseya_simulator::{LineForm, Prorations, UnitWrite, WriteBody};
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

#[tokio::test]
async fn every_shipped_line_profile_is_served() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/line-profiles");
    let mut served = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let profile = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let kaseya = behaving(|behaviour| behaviour.lines.follow_profile(&profile).unwrap()).await;
        let rules = kaseya.state().behaviour.lines;
        let mut target = rules.lines_route.replace("{contractId}", "5012");
        if rules.form.filtered {
            target += &format!(
                "?$filter={}",
                rules.form.filter.replace("{contractId}", "5012").replace(' ', "%20")
            );
        }
        let token = v1_token(&kaseya).await;
        let answer = Request::get(&target).token(&token).send(kaseya.address()).await.unwrap();
        assert_eq!(answer.status, 200, "{profile}");
        let rows = rules
            .form
            .inside
            .as_ref()
            .map_or(answer.json()["Result"].clone(), |inside| answer.json()["Result"][inside].clone());
        assert_eq!(rows[0]["Id"], 90021, "{profile}");
        served += 1;
    }
    assert!(served >= 5);
}

#[tokio::test]
async fn another_envelope_is_served_as_a_profile_says() {
    let profile = r#"
        read = { route = "/lines", filter = "Owner={contractId}", rows = "Data.Page.Rows", total = "Data.Count", paging = "skip" }
        write = { method = "put", route = "/lines/{lineId}", body = "line" }
        outcome = { status = "Outcome", success = ["Done"], error = "Fault", no_error = ["-"] }
        [fields]
        line = "Id"
        service = "ServiceId"
        contract = "ContractId"
        units = "Units"
        unit_price = "UnitPrice"
        effective_date = "From"
        date_form = "utc_midnight"
    "#;
    let kaseya = behaving(|behaviour| behaviour.lines.follow_profile(profile).unwrap()).await;
    let token = v1_token(&kaseya).await;
    let target = "/api/lines?$filter=Owner%3D5012&$top=1";
    let answer = Request::get(target).token(&token).send(kaseya.address()).await.unwrap().json();
    assert_eq!((&answer["Outcome"], &answer["Fault"]), (&json!("Done"), &json!("-")), "{answer}");
    assert!(answer["Data"]["Count"].is_number(), "{answer}");
    let day = answer["Data"]["Page"]["Rows"][0]["From"].as_str().unwrap().to_owned();
    assert!(day.ends_with("T00:00:00Z"), "{day}");
    let mut unknown = kaseya.state().behaviour.lines;
    assert!(unknown.follow_profile(&profile.replace("\"skip\"", "\"cursor\"")).is_err());
}

#[tokio::test]
async fn a_change_in_the_midst_of_a_month_leaves_a_row_when_told_to() {
    for (prorations, rows, marked) in
        [(Prorations::Hidden, 0, false), (Prorations::Marked, 1, true), (Prorations::Unmarked, 1, false)]
    {
        let kaseya = behaving(|behaviour| behaviour.lines.prorations = prorations).await;
        let token = v1_token(&kaseya).await;
        let read = async || Request::get(LINES).token(&token).send(kaseya.address()).await.unwrap().json();
        let before = read().await["Result"].as_array().map(Vec::len).unwrap();
        kaseya
            .edit(|state| {
                let change = |day: &str| UnitWrite {
                    at: "2026-01-15T12:00:00Z".parse().unwrap(),
                    contract: 5012,
                    line: 90021,
                    from: 14.0,
                    from_effective_date: None,
                    to: 12.0,
                    effective_date: day.parse().unwrap(),
                    user: "Anna".to_owned(),
                };
                // A change on the first of a month leaves no proration.
                state.history.extend(["2026-01-15", "2026-02-01"].map(change));
            })
            .unwrap();
        let after = read().await;
        let after = after["Result"].as_array().unwrap();
        assert_eq!(after.len(), before + rows, "{prorations:?}");
        let row = after.iter().find(|row| row["Units"] == -2.0);
        assert_eq!(row.is_some(), rows == 1, "{after:?}");
        assert_eq!(row.is_some_and(|row| row["ProrationOf"] == 90021), marked, "{after:?}");
    }
}
