//! What is gone through with although whoever asked has left: a browser that goes away takes its request's handler with it.

use crate::failure::Failure;

/// Carries something out to its end. A login that was begun must be heard of: one without an outcome delays the next.
pub(crate) async fn to_its_end<T: Send + 'static>(
    errand: impl Future<Output = T> + Send + 'static,
) -> Result<T, Failure> {
    tokio::spawn(errand).await.map_err(|error| Failure::Unavailable(format!("an errand: {error}")))
}
