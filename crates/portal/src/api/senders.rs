//! Who sent counts and charges (F7).

use std::collections::BTreeMap;

use domain::ProductId;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::counts::senders::{ChargesSender, FrozenSource, Reported, Sender};
use utoipa::ToSchema;

/// Sender of a part of a report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "way", rename_all = "snake_case")]
#[schema(as = Sender)]
pub(crate) enum SentBy {
    /// A token of this API.
    Token {
        /// Name of the token at that time.
        name: String,
    },
    /// A message from the broker.
    Message {
        /// Broker user, verified by RabbitMQ. Null if the message does not name it.
        user: Option<String>,
        /// Application name that the sender claims, not verified. Null without one.
        app: Option<String>,
    },
    /// A settings file applied by the operator.
    File,
}

impl From<Sender> for SentBy {
    fn from(sender: Sender) -> Self {
        match sender {
            Sender::Token(name) => Self::Token { name },
            Sender::Message { user, app } => Self::Message { user, app },
            Sender::File => Self::File,
        }
    }
}

/// A complete report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportSource {
    report_id: String,
    /// Day counted.
    day: Date,
    /// When its last part arrived.
    received_at: Timestamp,
    /// Each sender of a part, once. Empty if none was recorded.
    sent_by: Vec<SentBy>,
}

impl From<Reported> for ReportSource {
    fn from(reported: Reported) -> Self {
        Self {
            report_id: reported.report.to_string(),
            day: reported.day,
            received_at: reported.at,
            sent_by: reported.senders.into_iter().map(SentBy::from).collect(),
        }
    }
}

/// Source of a frozen count.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub(crate) enum NumberSource {
    /// A report.
    Report(ReportSource),
    /// A person, who corrected the count or approved a later one.
    Correction {
        /// The reason, with the person's name.
        reason: String,
        /// When it was corrected.
        corrected_at: Timestamp,
    },
}

/// The sources by product.
pub(crate) fn by_product(sources: Vec<(ProductId, FrozenSource)>) -> BTreeMap<ProductId, NumberSource> {
    let shown = |source| match source {
        FrozenSource::Report(reported) => NumberSource::Report(reported.into()),
        FrozenSource::Correction { reason, at } => NumberSource::Correction { reason, corrected_at: at },
    };
    sources.into_iter().map(|(product, source)| (product, shown(source))).collect()
}

/// Sender of the provider's charges for a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChargesSource {
    /// Name of the token. Null if it was not recorded.
    token: Option<String>,
    /// When the charges were received.
    received_at: Timestamp,
}

impl From<ChargesSender> for ChargesSource {
    fn from(sender: ChargesSender) -> Self {
        Self { token: sender.by, received_at: sender.at }
    }
}
