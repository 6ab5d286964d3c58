//! What a run would change as far as is known before anything is read: the run's brake counts it first (B-01).

use crate::{
    Brakes, Wanted,
    glance::{Found, KnownTarget},
};

/// Whether a target's line would be written by what it was last known to hold.
///
/// What is not known is no change: a line that was never read, as in a first sync, and one whose last write nobody knows the
/// end of. Neither is what Kaseya took already and only has to be confirmed, what the brakes on one line hold, a fraction and what is
/// barred, which are never sent.
pub fn would_change(target: &KnownTarget, brakes: &Brakes) -> bool {
    let can_be_sent = !target.unclear && !target.barred;
    let (Wanted::Units(wanted), Found::One(line), true) = (target.wanted, target.found, can_be_sent) else {
        return false;
    };
    line.units.fract() == 0.0 && line.units != f64::from(wanted) && brakes.check(line.units, wanted).is_none()
}
