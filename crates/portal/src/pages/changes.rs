//! Notifies open pages of changes; a page then fetches its content again.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{StreamExt as _, stream};
use store::{PartnerChange, PartnerChanges};
use tokio::time::Interval;

use crate::{Portal, client_address::ClientAddress, open_streams::Taken, session, visit::Visit};

/// How often to check whether the session is still valid while nothing changes.
const CHECKED_EVERY: Duration = Duration::from_secs(60);
/// When a page that found no free slot may try again, in seconds.
const AGAIN: HeaderValue = HeaderValue::from_static("60");

/// The stream of a partner's changes.
pub(crate) async fn stream(State(portal): State<Portal>, client: ClientAddress, visit: Visit) -> Response {
    let Some(taken) = portal.open_streams.take(visit.person.session(), client.network()) else {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, AGAIN)]).into_response();
    };
    let changes = portal.changes.clone();
    let mut checks = tokio::time::interval(CHECKED_EVERY);
    checks.reset();
    let open = Open { portal, visit, changes, checks, _taken: taken };
    let events = stream::unfold(open, |mut open| async move {
        open.next().await?;
        Some((Ok::<_, Infallible>(changed()), open))
    });
    // A change between rendering the page and listening would otherwise go unnoticed.
    let since_the_page = stream::once(async { Ok(changed()) });
    Sse::new(since_the_page.chain(events)).keep_alive(KeepAlive::default()).into_response()
}

/// An open stream.
struct Open {
    portal: Portal,
    visit: Visit,
    changes: PartnerChanges,
    /// Ticks for checking the session while nothing changes.
    checks: Interval,
    _taken: Taken,
}

impl Open {
    /// Waits for the partner's next change; `None` when the portal stops or the visit is over.
    async fn next(&mut self) -> Option<()> {
        let stop = self.portal.stop.clone();
        loop {
            let is_ours = tokio::select! {
                () = stop.cancelled() => return None,
                change = self.changes.next() => match change {
                    PartnerChange::Of(other) if other != self.visit.partner => continue,
                    PartnerChange::Of(_) | PartnerChange::Unknown => true,
                },
                _ = self.checks.tick() => false,
            };
            // A browser reconnects when its stream ends; the response then reflects the current state.
            let lasts = session::lasts(&self.portal, &self.visit.person, &self.visit.partner).await;
            if !lasts.is_ok_and(|lasts| lasts) {
                return None;
            }
            if is_ours {
                return Some(());
            }
        }
    }
}

/// Something may have changed. The data is a placeholder: browsers drop an event without data.
fn changed() -> Event {
    Event::default().event("changed").data("something")
}
