//! What a run would change by what is known before anything is read: the run's brake counts it first (B-01).

use crate::{
    Brakes, Wanted,
    glance::{Found, KnownTarget},
};

/// Whether a target's line would be written, judging by the units it last held.
///
/// Anything unknown is no change: a line that was never read, as in a first sync, or a line with a last write of
/// unknown result. Neither is a change that Kaseya already accepted and that only needs confirmation, one that the
/// brakes on one line hold, or fractions and barred targets, which are never sent.
pub fn would_change(target: &KnownTarget, brakes: &Brakes) -> bool {
    let can_be_sent = !target.unclear && !target.barred;
    let (Wanted::Units(wanted), Found::One(line), true) = (target.wanted, target.found, can_be_sent) else {
        return false;
    };
    line.units.fract() == 0.0 && line.units != f64::from(wanted) && brakes.check(line.units, wanted).is_none()
}
