//! Lines of contracts that no longer bill, and of periods that are already billed.

use jiff::civil::date;
use kaseya_simulator::{Change, ContractStatus, Running};
use serde_json::json;

use crate::http::{LINE, Request, behaving, line_with_units, noon, put_units, v1_token};

async fn write(kaseya: &Running) -> (u16, String) {
    let answer = put_units(kaseya, &v1_token(kaseya).await, 14).await.send(kaseya.address()).await.unwrap();
    (answer.status, answer.json()["Error"].as_str().unwrap().to_owned())
}

fn taken() -> (u16, String) {
    (200, "None".to_owned())
}

fn refused(words: &str) -> (u16, String) {
    (400, words.to_owned())
}

#[tokio::test]
async fn a_line_of_an_inactive_contract_is_written_unless_the_tenant_refuses() {
    for (refuses, expected) in [(false, taken()), (true, refused("The contract is not active"))] {
        let kaseya = behaving(|behaviour| behaviour.lines.refuses_inactive = refuses).await;
        assert_eq!(write(&kaseya).await, taken());
        kaseya.apply(&Change::ContractBecomes { contract: 5012, status: ContractStatus::Inactive }).unwrap();
        assert_eq!(write(&kaseya).await, expected);
    }
}

#[tokio::test]
async fn a_line_of_an_ended_contract_is_written_without_effect_unless_the_tenant_refuses() {
    for (refuses, expected) in [(false, taken()), (true, refused("The contract has ended"))] {
        let kaseya = behaving(|behaviour| behaviour.lines.refuses_ended = refuses).await;
        kaseya.apply(&Change::ContractEnds { contract: 5012, on: date(2026, 3, 1) }).unwrap();
        assert_eq!(write(&kaseya).await, taken(), "it runs to the end of its last day");
        kaseya.apply(&Change::ContractEnds { contract: 5012, on: date(2026, 2, 28) }).unwrap();
        assert_eq!(write(&kaseya).await, expected);
        assert_eq!(kaseya.invoice(date(2026, 3, 1)).unwrap(), []);
    }
}

#[tokio::test]
async fn an_effective_date_in_a_billed_period_is_taken_unless_the_tenant_refuses() {
    let closed = refused("EffectiveDate is in a period that is closed for billing");
    for (refuses, expected) in [(false, taken()), (true, closed)] {
        for invoiced in [false, true] {
            let kaseya = behaving(|behaviour| behaviour.lines.refuses_billed_periods = refuses).await;
            kaseya
                .edit(|state| {
                    if invoiced {
                        drop(state.invoice(date(2026, 3, 1), noon()))
                    } else {
                        state.post(date(2026, 3, 1))
                    }
                })
                .unwrap();
            assert_eq!(write(&kaseya).await, expected);
            let token = v1_token(&kaseya).await;
            let mut line = line_with_units(&kaseya, &token, json!(14)).await;
            line["EffectiveDate"] = json!("2026-04-01");
            let later = Request::json("PUT", LINE, &line).token(&token);
            assert_eq!(later.send(kaseya.address()).await.unwrap().status, 200);
        }
    }
}

#[tokio::test]
async fn negative_units_are_taken_when_told_to() {
    let kaseya = behaving(|behaviour| behaviour.lines.takes_negative = true).await;
    let token = v1_token(&kaseya).await;
    let line = line_with_units(&kaseya, &token, json!(-2)).await;
    let answer = Request::json("PUT", LINE, &line).token(&token).send(kaseya.address()).await.unwrap();
    assert_eq!((answer.status, kaseya.state().lines(5012).unwrap()[0].units), (200, -2.0));
}
