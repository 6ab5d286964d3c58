//! Waiting for a condition instead of a fixed time.

use std::time::Duration;

/// Long enough for a slow machine under load; only a failing test waits this long.
const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Waits until `condition` holds; fails with `what` after a minute.
pub async fn until(what: &str, condition: impl AsyncFnMut() -> bool) {
    until_at_most(DEADLINE, what, condition).await;
}

/// Like `until`, with the test's own deadline.
pub async fn until_at_most(deadline: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !condition().await {
            tokio::time::sleep(POLL).await;
        }
    };
    assert!(tokio::time::timeout(deadline, reached).await.is_ok(), "not within {deadline:?}: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_waits_for_what_becomes_true() {
        let mut looks = 0;
        until("looked three times", async || {
            looks += 1;
            looks == 3
        })
        .await;
        assert_eq!(looks, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "pigs fly")]
    async fn it_fails_with_what_did_not_become_true() {
        until_at_most(Duration::from_millis(1), "pigs fly", async || false).await;
    }
}
