//! What a `JobDone` does in the ledger: closes the job or hands it back, finishes the run, stops the partner.

use domain::{JobId, LeftOver, PartnerId, RunId, SurveyEnd};
use jiff::Timestamp;

use crate::{StoreError, Transaction};

/// Closes a job, or hands the rest of it back to the ledger as its next attempt. The message of an older attempt
/// changes nothing here. Returns whether this attempt held the job.
///
/// The rest is dropped while the integration is not on. If a code caused it and the attempt got no company through,
/// it counts as a setback; any progress resets the count.
pub async fn close_job(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    attempt: i32,
    left: Option<&LeftOver>,
    any_through: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let empty = LeftOver { contracts: Vec::new(), not_before: None, code: None };
    let left = left.unwrap_or(&empty);
    let changed = tx
        .execute(
            "update jobs set
                 state = case when again then 'ready' else 'done' end,
                 done_at = case when again then null else $5::timestamptz end,
                 attempt = case when again then jobs.attempt + 1 else jobs.attempt end,
                 failures = 0,
                 setbacks = case when again and $7::text is not null and not $8 then jobs.setbacks + 1 else 0 end,
                 contract_ids = case when again then $4::int[] else contract_ids end,
                 not_before = case when again then $6::timestamptz end,
                 deferred_code = case when again then $7::text end,
                 deferred_at = case when not again or $7::text is null then null
                                    when jobs.setbacks > 0 and not $8 then coalesce(jobs.deferred_at, $5::timestamptz)
                                    else $5::timestamptz end,
                 holder = null, asked = null, lease_until = null, permit_until = null, emitting_until = null, emitted_at = null
             from (select state = 'on' and cardinality($4::int[]) > 0 as again
                   from integrations where partner_id = $1) as decision
             where jobs.partner_id = $1 and jobs.job_id = $2 and jobs.attempt = $3 and jobs.state <> 'done'",
            &[&partner.as_str(), &job.0, &attempt, &left.contracts, &now, &left.not_before, &left.code, &any_through],
        )
        .await?;
    Ok(changed == 1)
}

/// Hands a survey to its next attempt, or marks it ready for the run's other jobs to be made from it. Until those
/// are made the survey stays open, and so does its run. The survey ends if the integration is not on, or if a newer
/// run covers all companies. The message of an older attempt changes nothing here. Returns whether this attempt held
/// the job.
pub async fn close_survey(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    job: JobId,
    attempt: i32,
    end: SurveyEnd,
    left: Option<&LeftOver>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (page, result) = match end {
        SurveyEnd::GoesOn(page) => (Some(page), None),
        SurveyEnd::Seen => (None, Some("seen")),
        SurveyEnd::GivenUp => (None, Some("given_up")),
    };
    let (not_before, code) = left.map_or((None, None), |left| (left.not_before, left.code));
    let changed = tx
        .execute(
            "update jobs set
                 state = case when is_on then 'ready' else 'done' end,
                 done_at = case when is_on then null else $4::timestamptz end,
                 attempt = jobs.attempt + 1, failures = 0,
                 setbacks = case when $7::text is not null and $5 = survey_page then jobs.setbacks + 1 else 0 end,
                 survey_page = coalesce($5, survey_page), survey_result = $6,
                 not_before = $8::timestamptz, deferred_code = $7::text,
                 deferred_at = case when $7::text is null then null
                                    when jobs.setbacks > 0 and $5 = survey_page then coalesce(jobs.deferred_at, $4::timestamptz)
                                    else $4::timestamptz end,
                 holder = null, asked = null, lease_until = null, permit_until = null, emitting_until = null, emitted_at = null
             from (select integrations.state = 'on' and runs.all_companies as is_on
                   from jobs join runs using (run_id)
                        join integrations on integrations.partner_id = jobs.partner_id
                   where jobs.partner_id = $1 and jobs.job_id = $2) as decision
             where jobs.partner_id = $1 and jobs.job_id = $2 and jobs.attempt = $3 and jobs.kind = 'survey'
               and jobs.state <> 'done' and jobs.survey_result is null",
            &[&partner.as_str(), &job.0, &attempt, &now, &page, &result, &code, &not_before],
        )
        .await?;
    Ok(changed == 1)
}

/// A run that has just ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedRun {
    /// The run's trigger.
    pub trigger: String,
}

/// Ends a run that has no open job: as finished, or as switched off if the integration is. `None` while it still
/// runs, and if it ended earlier.
pub async fn end_run(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
    now: Timestamp,
) -> Result<Option<EndedRun>, StoreError> {
    // The row lock makes the last two jobs of a run see each other. Without it each could consider the other open.
    tx.query(
        "select from runs where partner_id = $1 and run_id = $2 for update",
        &[&partner.as_str(), &run.0],
    )
    .await?;
    let row = tx
        .query_opt(
            "update runs set finished_at = $3, told = true,
                 state = case when integrations.state = 'on' then 'finished' else 'switched_off' end
             from integrations
             where runs.partner_id = $1 and integrations.partner_id = $1 and runs.run_id = $2
               and runs.state = 'running'
               and not exists (select from jobs where jobs.partner_id = $1 and jobs.run_id = $2 and jobs.state <> 'done')
             returning runs.trigger",
            &[&partner.as_str(), &run.0, &now],
        )
        .await?;
    row.map(|row| Ok(EndedRun { trigger: row.get("trigger")? })).transpose()
}

/// A run that ended without a `JobDone`: superseded or switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnannouncedRun {
    /// The run's partner.
    pub partner: PartnerId,
    /// The run.
    pub run: RunId,
    /// The end to announce.
    pub ended: EndedRun,
    /// When the run ended.
    pub finished_at: Timestamp,
}

/// Runs with no event for their end yet, at most `limit`. This transaction marks them as announced.
pub async fn unannounced_runs(tx: &Transaction<'_>, limit: i64) -> Result<Vec<UnannouncedRun>, StoreError> {
    let rows = tx
        .query(
            "-- all partners: whichever replica comes first tells of every partner's runs
             update runs set told = true
             where run_id in (select run_id from runs where finished_at is not null and not told
                              order by finished_at limit $1 for update skip locked)
             returning partner_id, run_id, trigger, finished_at",
            &[&limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(UnannouncedRun {
                partner: row.partner_id("partner_id")?,
                run: RunId(row.get("run_id")?),
                ended: EndedRun { trigger: row.get("trigger")? },
                finished_at: row.get("finished_at")?,
            })
        })
        .collect()
}
