//! `correct PARTNER`: one number of a frozen month, with its reason.

use domain::PartnerId;
use operations::{frozen_counts::CorrectionForm, intake::NotTaken};

use crate::{command_line::Correction, ended::Ended, installation::Installation, output};

pub(crate) async fn command(
    installation: &Installation,
    partner: &str,
    correction: Correction,
) -> anyhow::Result<Ended> {
    let partner = &PartnerId::new(partner)?;
    let Correction { month, company, product, users, reason, by } = correction;
    let form = CorrectionForm { month, company, product, users, reason, by };
    let told = format!("{} counts {users} of {} in {}", form.company, form.product, form.month);
    let actor = Installation::actor(&form.by);
    match installation.operations(None)?.by(&actor).correct_count(partner, form).await {
        Ok(()) => {
            output::say(&format_args!("{told} now; it is pushed while the month's invoice is not made"))?;
            Ok(Ended::InOrder)
        }
        Err(NotTaken::Mistakes(mistakes)) => {
            for mistake in &mistakes {
                output::complain(mistake);
            }
            Ok(Ended::Refused)
        }
        Err(error) => Err(error.into()),
    }
}
