//! Syncs that a person requests (S-31).

use std::{collections::BTreeSet, time::Duration};

use bus::{Outgoing, PublishError, Queue, TraceContext, topology::MAX_MESSAGE_BYTES};
use domain::{CompanyId, PartnerId, ReportId, RequestId};
use messages::{inbound::MAX_LISTED, v1};
use store::{
    StoreError,
    jobs::requests::{self, Answer, WaitingRequest},
};

use crate::Operations;

/// How often to check the tables for a reply.
const POLL: Duration = Duration::from_millis(500);

/// How long to wait for a scheduler's reply. A scheduler replies at once; the run of one that starts later shows
/// when it comes.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Maximum length of the requester's name, in characters.
const NAME: usize = 200;

/// What is requested.
#[derive(Debug, Clone, Copy)]
pub struct SyncOrder<'a> {
    /// The companies to sync; all if empty.
    pub companies: &'a [CompanyId],
    /// Whether to plan only and write nothing (B-02).
    pub plan: bool,
    /// Who requests it.
    pub by: &'a str,
}

/// Why a sync was not requested.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// The companies do not fit into one message.
    #[error(
        "{companies} companies are {bytes} bytes, and a request may have {MAX_MESSAGE_BYTES}: list fewer and ask \
         again for the others, or list none to sync all"
    )]
    TooManyCompanies {
        /// Number of companies listed.
        companies: usize,
        /// Size of the message in bytes.
        bytes: usize,
    },
    /// More companies are listed than one request may have.
    #[error(
        "{0} companies are listed, and a request may list {MAX_LISTED}: list fewer and ask again for the others, or \
         list none to sync all"
    )]
    TooManyListed(usize),
    /// The bus did not accept the request.
    #[error("the request is not published: {0}")]
    Publish(#[from] PublishError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operations {
    /// Requests a sync. The scheduler replies under the returned request id.
    pub async fn request_sync(
        &self,
        partner: &PartnerId,
        order: SyncOrder<'_>,
    ) -> Result<RequestId, NotAsked> {
        let id = self.entropy.uuid(self.clock.now());
        let request = RequestId::new(id.to_string()).expect("a UUID is short and plain");
        let companies: Vec<CompanyId> =
            order.companies.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let order = SyncOrder { companies: &companies, ..order };
        if companies.len() > MAX_LISTED {
            return Err(NotAsked::TooManyListed(companies.len()));
        }
        let message = message(partner, &request, order);
        let outgoing = Outgoing::new(id, TraceContext::default(), &message);
        // The limit applies even if the request goes into a table: what one installation accepts, every other
        // accepts too.
        let bytes = outgoing.body.len();
        if bytes > MAX_MESSAGE_BYTES {
            return Err(NotAsked::TooManyCompanies { companies: order.companies.len(), bytes });
        }
        match &self.bus {
            Some(bus) => {
                bus.publish(Queue::SyncRequests, outgoing).await?;
            }
            None => self.leave_request(partner, &request, &message).await?,
        }
        Ok(request)
    }

    /// The reply to a request, waited for at most this long; `None` if no scheduler has replied by then.
    pub async fn sync_answer(
        &self,
        partner: &PartnerId,
        request: &RequestId,
        within: Duration,
    ) -> Result<Option<Answer>, StoreError> {
        let wait = async {
            loop {
                let answer = self
                    .store
                    .transaction("read_answer", |tx| Box::pin(requests::answer_to(tx, partner, request)))
                    .await?;
                if let Some(Some(answer)) = answer {
                    return Ok(answer);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(within, wait).await.ok().transpose()
    }

    /// Leaves a request where a scheduler on a bus that we cannot reach finds it: among the waiting requests, with
    /// its wait already over.
    pub(crate) async fn leave_request(
        &self,
        partner: &PartnerId,
        request: &RequestId,
        message: &v1::SyncRequested,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let waiting = WaitingRequest {
            message: serde_json::to_value(message)
                .expect("a generated type serializes: its fields come from typed values"),
            report: ReportId::new("none").expect("a word is short and plain"),
            until: now,
        };
        self.store
            .transaction("leave_request", |tx| {
                Box::pin(requests::store_waiting(tx, partner, request, &waiting, now))
            })
            .await
    }
}

/// The message that requests a sync.
pub(crate) fn message(partner: &PartnerId, request: &RequestId, order: SyncOrder<'_>) -> v1::SyncRequested {
    use v1::company_selection::Selection;
    let selection = if order.companies.is_empty() {
        Selection::All(v1::AllCompanies {})
    } else {
        let company_ids = order.companies.iter().map(ToString::to_string).collect();
        Selection::Only(v1::CompanyList { company_ids })
    };
    let mode = if order.plan { v1::SyncMode::Plan } else { v1::SyncMode::Apply };
    v1::SyncRequested {
        request_id: request.to_string(),
        partner_id: partner.to_string(),
        companies: Some(v1::CompanySelection { selection: Some(selection) }),
        mode: mode.into(),
        requested_by: name(order.by),
        expires_at: None,
        must_include_report_id: None,
    }
}

/// A person's name, cut to the length that a message accepts.
pub(crate) fn name(by: &str) -> String {
    by.chars().take(NAME).collect()
}
