//! Sentences that several texts share: what a case means for the invoice.

use crate::text::{Part, brief};

/// Most cases' effect on the invoice: nothing was sent, and the present units stay.
pub(super) const NOTHING_SENT: Part = brief(
    "We sent nothing; the invoice keeps [the units of {last_sent_day}|the units that Kaseya shows now].",
    "Non abbiamo inviato nulla; in fattura restano [le unità {of_last_sent_day}|le unità che Kaseya mostra ora].",
)
.more("[We last sent {last_sent_units}.]", "[L'ultimo invio era di {last_sent_units}.]");

/// The same if a change may have been sent and refused.
pub(super) const NOT_CHANGED: Part = brief(
    "Kaseya changed nothing; the invoice keeps [the units of {last_sent_day}|the units that Kaseya shows now].",
    "Kaseya non ha modificato nulla; in fattura restano [le unità {of_last_sent_day}|le unità che Kaseya mostra ora].",
)
.more("[We last sent {last_sent_units}.]", "[L'ultimo invio era di {last_sent_units}.]");

/// Nothing was sent for any company of the partner.
pub(super) const NOTHING_SENT_FOR_ANY: Part = NOTHING_SENT.more(
    "It is so for every company of this integration.",
    "Vale per tutte le aziende di questa integrazione.",
);
