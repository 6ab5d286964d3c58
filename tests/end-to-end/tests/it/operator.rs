//! A new installation by hand: migrated, started, a partner applied, synced, shown, switched off and on.

use end_to_end_tests::{CALM, CANARY, Installation, Kind};
use serde_json::Value;

#[tokio::test]
async fn from_an_empty_database_and_broker_to_right_units_by_the_operators_program() {
    let installation = Installation::bare(CALM).await;
    let partner = installation.stranger("rossi", 2).await;
    let (code, said) = installation.migrate().await;
    assert_eq!(code, 0, "{said}");
    let _programs = installation.start_all();

    let file = installation.file("rossi.toml", &partner.settings_file(12, 13));
    let (code, said) = installation.operator(&["apply", &file]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = installation.operator(&["sync-now", "rossi", "--plan", "--wait"]).await;
    assert_eq!(code, 0, "{said}");
    assert!(partner.writes().is_empty(), "a plan writes nothing");
    let (code, said) = installation.operator(&["sync-now", "rossi", "--wait"]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Azienda 1") && said.contains("Azienda 2"), "{said}");
    assert_eq!(partner.units(), ["12/13", "12/13"]);

    let (code, status) = installation.operator(&["status", "rossi", "--json"]).await;
    assert_eq!(code, 0, "{status}");
    let status: Value = serde_json::from_str(&status).expect("one JSON document");
    let states: Vec<_> =
        status["companies"].as_array().into_iter().flatten().map(|row| &row["state"]).collect();
    assert_eq!(states, ["changed", "changed"]);

    let (code, said) = installation.operator(&["off", "rossi"]).await;
    assert_eq!((code, installation.switch(&partner).await.as_str()), (0, "off"), "{said}");
    let (code, said) = installation.operator(&["sync-now", "rossi", "--wait"]).await;
    assert!(code == 1 && said.contains("JOB-01"), "{code}: {said}");
    let (code, said) = installation.operator(&["on", "rossi"]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = installation.operator(&["sync-now", "rossi", "--wait"]).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(partner.writes().len(), 4);
    assert!(!installation.dump().await.contains(CANARY), "the password stands in the tables");
}

#[tokio::test]
async fn without_tables_no_service_starts_and_each_says_what_to_do() {
    let installation = Installation::bare(CALM).await;
    for kind in [Kind::Scheduler, Kind::Results] {
        let mut program = installation.start(kind);
        assert!(!program.ended().await.success(), "{} started without tables", kind.name());
        assert!(program.log().contains("run `kaseya-sync migrate` first"), "{}", program.log());
    }
}
