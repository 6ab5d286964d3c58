//! Who sent counts and charges (F7).

use std::collections::BTreeMap;

use domain::ProductId;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use store::counts::senders::{ChargesTold, FrozenSource, Reported, Sender};
use utoipa::ToSchema;

/// Who sent a part of a report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "way", rename_all = "snake_case")]
#[schema(as = Sender)]
pub(crate) enum SentBy {
    /// A token of this API.
    Token {
        /// The token's name at that time.
        name: String,
    },
    /// A message from the broker.
    Message {
        /// The broker user, as RabbitMQ vouches for it; null where the message does not name it.
        user: Option<String>,
        /// What the sender calls itself, unchecked; null where it does not.
        app: Option<String>,
    },
    /// A settings file that the operator applied.
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

/// A report that has come in whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportSource {
    report_id: String,
    /// The day that was counted.
    day: Date,
    /// When its last part came in.
    received_at: Timestamp,
    /// Each sender of a part, once; empty where none was recorded.
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

/// Whose word a frozen number is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub(crate) enum NumberSource {
    /// A report's.
    Report(ReportSource),
    /// A person's, who corrected it or approved a later count.
    Correction {
        /// Why, with who says so.
        reason: String,
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

/// Who told what the provider charges for a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChargesSource {
    /// The token's name; null where it was not recorded.
    token: Option<String>,
    received_at: Timestamp,
}

impl From<ChargesTold> for ChargesSource {
    fn from(told: ChargesTold) -> Self {
        Self { token: told.by, received_at: told.at }
    }
}
