//! Word of what changes, as long as a page is open: the page then fetches what it shows once more.

use std::convert::Infallible;

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use domain::PartnerId;
use futures::{Stream, StreamExt as _, stream};
use store::{PartnerChange, PartnerChanges};
use tokio_util::sync::CancellationToken;

use crate::{Portal, visit::Visit};

/// The stream of a partner's changes.
pub(crate) async fn stream(
    State(portal): State<Portal>,
    visit: Visit,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listener = (portal.changes.clone(), visit.partner, portal.stop.clone());
    let events = stream::unfold(listener, |(mut changes, partner, stop)| async move {
        let event = next(&mut changes, &partner, &stop).await?;
        Some((Ok(event), (changes, partner, stop)))
    });
    // What changed after the page was drawn and before we listened is told by nobody else.
    let since_the_page = stream::once(async { Ok(changed()) });
    Sse::new(since_the_page.chain(events)).keep_alive(KeepAlive::default())
}

/// The next one of this partner; none when the portal is to stop.
async fn next(changes: &mut PartnerChanges, partner: &PartnerId, stop: &CancellationToken) -> Option<Event> {
    loop {
        let change = stop.run_until_cancelled(changes.next()).await?;
        let is_ours = match change {
            PartnerChange::Of(other) => other == *partner,
            PartnerChange::Unknown => true,
        };
        if is_ours {
            return Some(changed());
        }
    }
}

/// Something may have changed. What it is stands in the data for nobody: browsers drop an event without any.
fn changed() -> Event {
    Event::default().event("changed").data("something")
}
