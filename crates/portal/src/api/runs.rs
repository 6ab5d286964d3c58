//! The runs, one of them with its companies, and the rows of a plan (B-02).

use axum::{
    Json,
    extract::{Path, State},
};
use domain::RunId;
use operations::read_models::{CompanyOfRun, Planned, Run};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    jobs::waiting,
    statuses::{self, history},
};
use utoipa::ToSchema;

use super::{
    caller::Caller,
    problem::{Problem, Problems},
    request::{self, Cursor, Params},
};
use crate::Portal;

/// Page of a list, newest first.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// `next` of the previous page.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Cursor>,
    /// Page size, 1 to 1000. Default 100.
    pub(super) size: Option<u32>,
}

/// A page of runs, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Runs {
    runs: Vec<Run>,
    /// Cursor of the next page. Null on the last page.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// Lists the runs, newest first, without login probes.
#[utoipa::path(get, path = "/runs", tag = "runs", params(Query), responses((status = 200, body = Runs), Problems))]
pub(crate) async fn list(
    State(portal): State<Portal>,
    caller: Caller,
    Params(asked): Params<Query>,
) -> Result<Json<Runs>, Problem> {
    let size = request::size(asked.size)?;
    let (partner, before) = (&caller.partner, asked.cursor.map(|Cursor(number)| number));
    let now = portal.operations.clock.now();
    let (runs, waits) = portal
        .operations
        .store
        .transaction("api_runs", |tx| {
            Box::pin(async move {
                let runs = history::activity_page(tx, partner, before, size).await?;
                Ok::<_, StoreError>((runs, waiting::runs(tx, partner, now).await?))
            })
        })
        .await?;
    let next = request::next(&runs, size, |run| run.number);
    Ok(Json(Runs { runs: runs.into_iter().map(|run| Run::of(run, &waits)).collect(), next }))
}

/// A run with its companies and its plan.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneRun {
    run: Run,
    /// Outcomes so far, one per company and contract.
    companies: Vec<CompanyOfRun>,
    /// Units of each product with a number to send, changed or not. One row per company, contract and product.
    plan: Vec<Planned>,
}

/// Shows a run with its companies and its plan.
#[utoipa::path(get, path = "/runs/{run}", tag = "runs", params(("run" = String, Path)),
    responses((status = 200, body = OneRun), Problems))]
pub(crate) async fn show(
    State(portal): State<Portal>,
    caller: Caller,
    Path((_, run)): Path<(String, String)>,
) -> Result<Json<OneRun>, Problem> {
    let run = RunId::parse(&run).map_err(|_| Problem::NotFound)?;
    let (partner, now) = (&caller.partner, portal.operations.clock.now());
    let read = portal
        .operations
        .store
        .transaction("api_run", |tx| {
            Box::pin(async move {
                let Some(row) = statuses::run(tx, partner, run).await? else { return Ok(None) };
                let companies = statuses::run_companies(tx, partner, run).await?;
                let plan = history::plan_rows(tx, partner, run).await?;
                let waits = waiting::runs(tx, partner, now).await?;
                Ok::<_, StoreError>(Some((row, waits, companies, plan)))
            })
        })
        .await?;
    let (row, waits, companies, plan) = read.ok_or(Problem::NotFound)?;
    Ok(Json(OneRun {
        run: Run::of(row, &waits),
        companies: companies.into_iter().map(CompanyOfRun::from).collect(),
        plan: plan.into_iter().map(Planned::from).collect(),
    }))
}
