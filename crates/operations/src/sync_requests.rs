//! Syncs that a person asks for (S-31).

use std::{collections::BTreeSet, time::Duration};

use bus::{Outgoing, PublishError, Queue, TraceContext, topology::MAX_MESSAGE_BYTES};
use domain::{CompanyId, PartnerId, ReportId, RequestId};
use messages::{inbound::MAX_LISTED, v1};
use store::{
    StoreError,
    jobs::requests::{self, Answer, WaitingRequest},
};

use crate::Operations;

/// How often the tables are looked at for an answer.
const POLL: Duration = Duration::from_millis(500);

/// How long to wait for the answer of a scheduler, which answers at once; the run of a later one is seen when it comes.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// The most characters of who asks.
const NAME: usize = 200;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct SyncOrder<'a> {
    /// These companies; all of them if none is listed.
    pub companies: &'a [CompanyId],
    /// Whether it is only planned, and nothing written (B-02).
    pub plan: bool,
    /// Who asks.
    pub by: &'a str,
}

/// Why a sync was not asked for.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// Its companies are more than one message has room for.
    #[error(
        "{companies} companies are {bytes} bytes, and a request may have {MAX_MESSAGE_BYTES}: list fewer and ask \
         again for the others, or list none to sync all"
    )]
    TooManyCompanies {
        /// How many are listed.
        companies: usize,
        /// What they would come to.
        bytes: usize,
    },
    /// Its companies are more than one request may list.
    #[error(
        "{0} companies are listed, and a request may list {MAX_LISTED}: list fewer and ask again for the others, or \
         list none to sync all"
    )]
    TooManyListed(usize),
    /// The bus did not take it.
    #[error("the request is not published: {0}")]
    Publish(#[from] PublishError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Operations {
    /// Asks for a sync. What comes of it is answered to the request that this returns.
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
        // Also where it is left in a table: what one installation takes, every other takes too.
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

    /// The answer to a request, waited for at most so long; `None` when no scheduler has answered by then.
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

    /// Leaves a request where the scheduler of a process whose bus we cannot reach finds it: among those that wait, its
    /// wait already over.
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

/// The message that asks for a sync.
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

/// A person's name, as long as a message takes it.
pub(crate) fn name(by: &str) -> String {
    by.chars().take(NAME).collect()
}
