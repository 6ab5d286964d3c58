//! The button Sync now.

use axum::{extract::State, response::Redirect};
use domain::{CompanyId, PartnerId, WaitReason};
use operations::sync_requests::{ANSWER_TIMEOUT, NotAsked, SyncOrder};
use serde::Deserialize;
use store::jobs::requests::Answer;

use crate::{
    Portal, addresses::partner_path, failure::Failure, forms::Posted, pages::start::own_path, said::Said,
    visit::Editing,
};

/// The posted form.
#[derive(Deserialize)]
pub(crate) struct SyncNow {
    /// The companies to sync; if empty, all of them.
    #[serde(default)]
    company: Vec<CompanyId>,
    /// Whether to plan only.
    #[serde(default)]
    plan: bool,
    /// The page to return to if there is no run to show.
    #[serde(default)]
    back: String,
}

/// Requests a sync and redirects to its run.
pub(crate) async fn sync_now(
    State(portal): State<Portal>,
    Editing(visit): Editing,
    Posted(SyncNow { company, plan, back }): Posted<SyncNow>,
) -> Result<Redirect, Failure> {
    let partner = &visit.partner;
    let order = SyncOrder { companies: &company, plan, by: &visit.person.name };
    let request = match portal.operations.request_sync(partner, order).await {
        Ok(request) => request,
        Err(NotAsked::Publish(error)) => {
            tracing::error!(%partner, %error, "a sync was not asked for");
            return Ok(back_to(partner, &back, Said::NotPublished));
        }
        Err(NotAsked::TooManyCompanies { .. } | NotAsked::TooManyListed(_)) => {
            return Ok(back_to(partner, &back, Said::TooManyCompanies));
        }
        Err(NotAsked::Store(error)) => return Err(error.into()),
    };
    let answer = portal.operations.sync_answer(partner, &request, ANSWER_TIMEOUT).await?;
    let (run, said) = match answer {
        None => return Ok(back_to(partner, &back, Said::Unanswered)),
        Some(Answer::Refused { code, .. }) if code == "JOB-01" => {
            return Ok(back_to(partner, &back, Said::RefusedOff));
        }
        Some(Answer::Refused { code, reason }) => {
            tracing::info!(%partner, code, reason, "a sync was refused");
            return Ok(back_to(partner, &back, Said::Refused));
        }
        Some(Answer::Accepted { run }) => (run, Said::Asked),
        Some(Answer::Joined { run, .. }) => (run, Said::Joined),
    };
    let now = portal.operations.clock.now();
    let waits = portal
        .operations
        .store
        .transaction("portal_waits", |tx| Box::pin(store::jobs::waiting::runs(tx, partner, now)))
        .await?;
    let said = if waits.get(&run).is_some_and(|wait| wait.reason != WaitReason::KaseyaBusy) {
        Said::AskedWaits
    } else {
        said
    };
    Ok(Redirect::to(&said.at(partner, &format!("activity/{run}"))))
}

/// The page that the form was on, if it is one of this partner's; otherwise its runs.
pub(crate) fn back_to(partner: &PartnerId, back: &str, said: Said) -> Redirect {
    let own = partner_path(partner, "");
    let page = own_path(back).split('?').next().and_then(|path| path.strip_prefix(&*own));
    let page = page.map_or("activity", |page| page.trim_start_matches('/'));
    Redirect::to(&said.at(partner, page))
}
