//! What running programs report about their database.

use end_to_end_tests::{CALM, Installation};

#[tokio::test]
async fn programs_report_their_transactions_and_a_worker_has_none() {
    let installation = Installation::new(CALM).await;
    let [scheduler, worker, results] = installation.start_all();
    for program in [&scheduler, &results] {
        program.until_ready(true).await;
        let (_, page) = program.page("/metrics");
        for line in [
            r#"store_transaction_failures_total{error_type="conflict"} 0"#,
            r#"db_client_connection_timeouts_total{db_client_connection_pool_name="postgres"} 0"#,
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} of {}:\n{page}", program.kind().name());
        }
        assert!(page.contains(r#"db_operation_name="schema_version""#), "{page}");
    }
    worker.until_ready(true).await;
    let (_, page) = worker.page("/metrics");
    assert!(!page.contains("db_client"), "{page}");
}
