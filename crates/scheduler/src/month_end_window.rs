//! When a month's counts may be pushed, and whether a run can do anything now.

use domain::{IntegrationState, Month, window_end};
use jiff::Timestamp;
use store::settings::{Integration, PartnerSettings};

/// Whether a run of its own pushes the month's frozen counts: not after the month's invoice, and not before the
/// previous month's invoice day has ended, because until then that month's counts are sent.
pub(crate) fn wants_run(
    settings: &PartnerSettings,
    integration: &Integration,
    month: Month,
    now: Timestamp,
) -> bool {
    integration.settings.month_end_run && may_push(settings, integration, month, now)
}

pub(crate) fn may_push(
    settings: &PartnerSettings,
    integration: &Integration,
    month: Month,
    now: Timestamp,
) -> bool {
    is_open(settings, integration, month, now) && !is_open(settings, integration, month.previous(), now)
}

/// Whether a month's window is open: its invoice may still be made.
pub(crate) fn is_open(
    settings: &PartnerSettings,
    integration: &Integration,
    month: Month,
    now: Timestamp,
) -> bool {
    now < window_end(month, integration.settings.invoice_day, settings.invoice_zones())
}

/// Whether a run can do anything now. Until it can, none is made.
pub(crate) fn can_run(integration: &Integration) -> bool {
    integration.state == IntegrationState::On && integration.credentials_refused.is_none()
}
