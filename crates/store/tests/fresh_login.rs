//! The login in the database's URL file is read again for each connection.

use store::{Settings, Store, StoreError};

#[tokio::test]
async fn case_d2_a_changed_login_needs_no_restart() {
    let database = testkit::database().await;
    let administrator = database.client().await;
    let (one, other) = (format!("one_{}", database.name), format!("other_{}", database.name));
    let roles = format!("create role {one} login; create role {other} login");
    administrator.batch_execute(&roles).await.expect("roles");
    let url = |role: &str| database.url.replacen("user=postgres", &format!("user={role}"), 1);
    let file = std::env::temp_dir().join(format!("{}-{}", std::process::id(), database.name));
    std::fs::write(&file, url(&one)).expect("written");
    let settings = Settings { url_file: Some(file.clone()), ..Settings::new(url(&one)) };
    let store = Store::connect(settings, testkit::entropy(3)).await.expect("a store");
    let who = async || -> Result<String, StoreError> {
        let row =
            store.transaction("who", |tx| Box::pin(tx.query_one("select current_user::text as who", &[])));
        row.await?.get("who")
    };
    assert_eq!(who().await.expect("an answer"), one);
    administrator.batch_execute(&format!("alter role {one} nologin")).await.expect("altered");
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1";
    administrator.execute(end, &[&one]).await.expect("ended");
    testkit::until("the old login is refused", async || who().await.is_err()).await;
    std::fs::write(&file, url(&other)).expect("written");
    assert_eq!(who().await.expect("an answer"), other);
    std::fs::remove_file(&file).expect("removed");
}
