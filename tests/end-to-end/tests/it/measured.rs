//! What running programs report on `/metrics`.

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

#[tokio::test]
async fn each_program_counts_what_a_sync_took_of_it() {
    let installation = Installation::new(CALM).await;
    let [scheduler, worker, results] = installation.start_all();
    let partner = installation.partner("msp-1", 1).await;
    installation.report(&partner, "first", 12, 13).await;
    installation.due_now(&partner).await;
    installation.until_runs(&partner, "schedule finished").await;
    let page = |program: &end_to_end_tests::Program| program.page("/metrics").1;
    let host = r#"server_address="127.0.0.1""#;
    for (program, starts) in [
        (
            &worker,
            vec!["http_client_request_duration_seconds_count", host, r#"http_response_status_code="200""#],
        ),
        (&worker, vec!["messaging_client_sent_messages_total", r#"messaging_destination_name="results""#]),
        (&results, vec!["messaging_client_consumed_messages_total", r#"settlement="done""#, r#""results""#]),
        (&results, vec!["results_companies_total", r#"state="changed""#]),
        (&results, vec!["results_runs_total", r#"result="well""#, r#"trigger="schedule""#]),
    ] {
        testkit::until(&format!("{starts:?} is counted"), async || {
            page(program)
                .lines()
                .any(|line| starts.iter().all(|part| line.contains(part)) && !line.ends_with(" 0"))
        })
        .await;
    }
    testkit::until("the scheduler has read the tables", async || {
        let page = page(&scheduler);
        [
            r#"installation_holds_open{invoice_within="1d"} 0"#,
            "installation_partners_refused 0",
            "installation_breakers_open 0",
            r#"installation_partners{last_good_run="older"} 0"#,
        ]
        .iter()
        .all(|line| page.lines().any(|shown| shown == *line))
    })
    .await;
}
