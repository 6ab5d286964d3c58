//! Kaseya's invalid responses for one company affect only that company.

use end_to_end_tests::{CALM, Installation};
use kaseya_simulator::{Endpoint::ContractLines, Fault};

#[tokio::test]
async fn a_refusal_in_a_200_half_a_json_a_missing_field_and_html_stop_no_other_company() {
    let installation = Installation::new(CALM).await;
    let partner = installation.partner("rossi", 8).await;
    let _programs = installation.start_all();
    installation.report(&partner, "r1", 12, 10).await;
    // Every second company has a fault; each of the others is read, written and read again.
    let faults = [
        (1, Fault::NoSuccess("Contract is being recalculated".to_owned())),
        (4, Fault::Truncated),
        (7, Fault::Without(vec!["Units".to_owned(), "Quantity".to_owned()])),
        (10, Fault::BadGateway),
        // A read that fails with a server error is retried twice.
        (11, Fault::BadGateway),
        (12, Fault::BadGateway),
    ];
    for (nth, fault) in faults {
        partner.kaseya.fail(ContractLines, nth, fault);
    }
    installation.due_now(&partner).await;
    installation.until_text("select count(*) from statuses", "8").await;
    assert_eq!(
        installation.statuses(&partner).await,
        "c1 not_sent UNK-01, c2 changed, c3 deferred UNK-01, c4 changed, c5 deferred UNK-01, c6 changed, \
         c7 deferred NET-01, c8 changed"
    );
    let words = "select kaseya_says from statuses where company_id = 'c1'";
    assert!(installation.text(words).await.contains("being recalculated"));

    // Companies with a transient fault continue by themselves once they are due.
    installation.sql("update jobs set not_before = null; notify ledger").await;
    installation.until_runs(&partner, "schedule finished").await;
    let (first, others) = ("c1 not_sent UNK-01", ["c2", "c3", "c4", "c5", "c6", "c7", "c8"]);
    let changed = others.map(|company| format!("{company} changed")).join(", ");
    assert_eq!(installation.statuses(&partner).await, format!("{first}, {changed}"));
    assert_eq!(partner.writes().len(), 7);
    assert_eq!(installation.text("select failed || ' ' || changed from runs").await, "1 7");
}
