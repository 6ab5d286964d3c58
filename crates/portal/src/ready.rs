//! Why invoices are not ready (G-05), each reason with the click that fixes it.

use advice::{Language, number};
use domain::NotReady;
use store::statuses::listing::Readiness;

use crate::frame::Frame;

/// A reason with its link. Reasons that only the operator can fix have none.
pub(crate) struct Reason {
    pub(crate) text: String,
    pub(crate) path: Option<String>,
}

/// The reasons, each with the number of companies affected.
pub(crate) fn reasons(readiness: &Readiness, frame: &Frame, language: Language) -> Vec<Reason> {
    let reason = |(reason, companies): (&NotReady, &u32)| {
        let companies = number::whole((*companies).into(), language);
        Reason {
            text: format!("{companies}: {}", advice::not_ready(*reason, language)),
            path: path(*reason, frame),
        }
    };
    readiness.not_ready.iter().map(reason).collect()
}

/// The page that fixes a reason.
pub(crate) fn path(reason: NotReady, frame: &Frame) -> Option<String> {
    let page = match reason {
        NotReady::NotConnected | NotReady::Off | NotReady::CredentialsRefused => "integrations/kaseya-bms",
        NotReady::ScheduleMisses => "integrations/kaseya-bms/schedule",
        NotReady::NotMapped => "companies?show=unmapped",
        NotReady::NotSent => "companies?show=failed",
        NotReady::NeverSynced => "companies?show=never",
        NotReady::Unread | NotReady::Unconfirmed | NotReady::CountsLater => "companies?sort=last-sync",
        NotReady::Held => "holds",
        NotReady::Deferred | NotReady::UnderWay | NotReady::MonthNotPushed | NotReady::Restored => "activity",
        NotReady::WritesStopped => return None,
    };
    Some(frame.path(page))
}
