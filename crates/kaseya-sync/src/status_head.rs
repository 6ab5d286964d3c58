//! The first part of a status, before the companies: the installation's writes, the login, the password's age.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use store::{
    StoreError, Transaction,
    settings::{self, PartnerSettings, installation, probes},
};

use crate::output::{self, instant};

/// The state of the installation and of a partner's login.
#[derive(Serialize)]
pub(crate) struct Standing {
    /// All writes of the installation are stopped.
    writes_stopped: bool,
    /// The database was restored, and this partner's lines must be read before any write.
    must_reread: bool,
    /// When the stored credentials last worked.
    login_proven_at: Option<Timestamp>,
    /// When the password was stored, if known.
    password_changed_at: Option<Timestamp>,
    /// Days until the password is 180 days old; set from the last 30 days on.
    password_days_left: Option<u16>,
}

impl Standing {
    pub(crate) async fn read(
        tx: &Transaction<'_>,
        partner: &PartnerSettings,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let stored_since =
            partner.integration.as_ref().and_then(|integration| integration.credentials.password.changed_at);
        let warning = stored_since.and_then(|changed| domain::password_warning(changed, now));
        Ok(Self {
            writes_stopped: settings::writes_stopped(tx).await?,
            must_reread: installation::must_reread(tx, &partner.partner).await?,
            login_proven_at: probes::proven_at(tx, &partner.partner).await?,
            password_changed_at: stored_since,
            password_days_left: warning.map(|warning| warning.days_left(now)),
        })
    }

    /// Prints it for people, with what to do.
    pub(crate) fn show(&self, zone: &TimeZone) -> anyhow::Result<()> {
        if self.writes_stopped {
            output::say(&"all writes of the installation are stopped: kaseya-sync allow-writes")?;
        }
        if self.must_reread {
            output::say(
                &"the database was restored: nothing is written until all lines have been read again",
            )?;
        }
        output::say(&format_args!("login last proven: {}", instant(self.login_proven_at, zone)))?;
        match self.password_days_left {
            None => {}
            Some(0) => output::say(
                &"the password is stored for 180 days or more: Kaseya may let it expire; give the user a new one",
            )?,
            Some(days) => output::say(&format_args!(
                "the password is 180 days old in {days} days, when Kaseya may let it expire; give the user a new one"
            ))?,
        }
        Ok(())
    }
}
