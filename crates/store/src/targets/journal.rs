//! The results of granted changes: settled intents, and the journal of what reached Kaseya or may have.

use domain::{
    ContractId, IntentResult, JobId, PartnerId, RunId, SeenLine, ServiceId, SettledIntent, UNSURE_FOR,
};
use jiff::{Timestamp, civil::Date};

use super::changed_fields;
use crate::{StoreError, Transaction};

/// Settles the intents granted to an attempt and writes the journal, once per intent however often it is reported.
///
/// A confirmed intent stays confirmed. If an earlier reading judged that an intent never landed, before its own
/// worker reported, the worker's report decides.
pub async fn settle_intents(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    (job, attempt): (JobId, i32),
    settled: &[SettledIntent],
) -> Result<(), StoreError> {
    let ids: Vec<uuid::Uuid> = settled.iter().map(|intent| intent.intent.0).collect();
    let results: Vec<&str> = settled.iter().map(|intent| intent.result.as_str()).collect();
    let times: Vec<Timestamp> = settled.iter().map(|intent| intent.at).collect();
    let dates: Vec<Option<Date>> = settled.iter().map(|intent| intent.effective_date_read).collect();
    let fields: Vec<Option<serde_json::Value>> =
        settled.iter().map(|intent| changed_fields::to_json(&intent.fields_changed)).collect();
    let touched = tx
        .query(
            "update intents set result = said.result, settled_at = said.at,
                    effective_date_read = coalesce(said.read, intents.effective_date_read),
                    fields_changed = coalesce(said.fields, intents.fields_changed),
                    evidence = case when said.result = 'confirmed' then 'read' end,
                    taken_at = coalesce(taken_at, case when said.result in ('sent', 'confirmed') then said.at end)
             from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::date[], $8::jsonb[])
                      as said (intent_id, result, at, read, fields)
             where intents.partner_id = $1 and intents.intent_id = said.intent_id
               and intents.job_id = $6 and intents.attempt = $7
               and (intents.result in ('open', 'sent', 'unsure')
                    or intents.result = 'not_applied' and said.result in ('sent', 'confirmed', 'unsure')
                       and not exists (select from journal
                                       where journal.partner_id = $1 and journal.intent_id = intents.intent_id))
             returning intents.intent_id",
            &[&partner.as_str(), &ids, &results, &times, &dates, &job.0, &attempt, &fields],
        )
        .await?;
    let touched: Vec<uuid::Uuid> =
        touched.iter().map(|row| row.get("intent_id")).collect::<Result<_, StoreError>>()?;
    write_journal(tx, partner, &touched).await?;
    note_confirmed(tx, partner, &touched).await
}

/// Settles what earlier attempts left open, from lines read since their permits. A line with an intent's units
/// confirms the intent; another number shows that it never landed. If a later change of the line was granted, the
/// earlier ones are judged by what the line showed before that change. Changes in `own` belong to this attempt,
/// which settles them itself.
///
/// A write that may land late is not judged by another number before [`UNSURE_FOR`] is over. That time counts from
/// the report of a worker that got no response, or from the permit without a report. A change that Kaseya accepted
/// for a later day is not judged by another number before that day, because the line may show it only then. A later
/// change for the same number stands for both, whichever of them landed.
pub async fn settle_from_lines(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    lines: &[SeenLine],
    own: &[SettledIntent],
) -> Result<(), StoreError> {
    let contracts: Vec<i32> = lines.iter().map(|line| line.contract.0).collect();
    let ids: Vec<i32> = lines.iter().map(|line| line.line.0).collect();
    let units: Vec<f64> = lines.iter().map(|line| line.units).collect();
    let seen: Vec<Timestamp> = lines.iter().map(|line| line.seen_at).collect();
    // A total shows no date.
    let dates: Vec<Option<Date>> =
        lines.iter().map(|line| line.effective_date.filter(|_| !line.is_implied)).collect();
    let implied: Vec<bool> = lines.iter().map(|line| line.is_implied).collect();
    let without_effect =
        |intent: &&SettledIntent| matches!(intent.result, IntentResult::NotBegun | IntentResult::Refused);
    let idle: Vec<uuid::Uuid> = own.iter().filter(without_effect).map(|intent| intent.intent.0).collect();
    let own: Vec<uuid::Uuid> = own.iter().map(|intent| intent.intent.0).collect();
    let rest = UNSURE_FOR.as_secs_f64();
    let judged = tx
        .query(
            "with seen as (
                 select distinct on (contract_id, line_id) contract_id, line_id, units, seen_at, day, implied
                 from unnest($2::int[], $3::int[], $4::float8[], $5::timestamptz[], $9::date[], $10::boolean[])
                          as read (contract_id, line_id, units, seen_at, day, implied)
                 order by contract_id, line_id, seen_at desc
             ), judged as (
                 select intents.intent_id, coalesce(next.from_units, seen.units) as units,
                        case when next.granted_at is null then seen.day end as day,
                        coalesce(next.granted_at, seen.seen_at) as seen_at,
                        coalesce(next.to_units = intents.to_units, false) as repeated,
                        case when implied and next.granted_at is null then 'implied_by_total' else 'read' end as evidence
                 from intents join seen using (contract_id, line_id)
                      left join lateral (
                          select later.from_units, later.to_units, later.granted_at from intents later
                          where later.partner_id = $1 and later.contract_id = intents.contract_id
                            and later.line_id = intents.line_id and later.granted_at > intents.granted_at
                            and later.result not in ('not_begun', 'refused') and not later.intent_id = any($7)
                            and not later.forgotten
                          order by later.granted_at limit 1) as next on true
                 where intents.partner_id = $1 and intents.result in ('open', 'sent', 'unsure')
                   and not intents.intent_id = any($6) and not intents.forgotten
             )
             update intents set
                 result = case when intents.to_units = judged.units then 'confirmed' else 'not_applied' end,
                 settled_at = judged.seen_at,
                 effective_date_read = coalesce(case when intents.to_units = judged.units then judged.day end,
                                                intents.effective_date_read),
                 evidence = case when intents.to_units = judged.units then judged.evidence end,
                 taken_at = coalesce(taken_at, case when intents.to_units = judged.units then judged.seen_at end)
             from judged
             where intents.partner_id = $1 and intents.intent_id = judged.intent_id
               and intents.result in ('open', 'sent', 'unsure') and intents.granted_at < judged.seen_at
               and (intents.to_units = judged.units or judged.repeated
                    or coalesce(intents.settled_at, intents.permit_until) + make_interval(secs => $8) <= judged.seen_at
                       and (intents.result <> 'sent'
                            or intents.effective_date <= (judged.seen_at at time zone 'UTC' - interval '12 hours')::date))
             returning intents.intent_id, intents.contract_id, intents.service_id, intents.to_units, intents.result",
            &[&partner.as_str(), &contracts, &ids, &units, &seen, &own, &idle, &rest, &dates, &implied],
        )
        .await?;
    let touched: Vec<uuid::Uuid> =
        judged.iter().map(|row| row.get("intent_id")).collect::<Result<_, StoreError>>()?;
    // A reading also supplies the date of a change that a total has confirmed before.
    let dated = tx
        .query(
            "update intents set effective_date_read = read.day, evidence = 'read'
             from unnest($2::int[], $3::int[], $4::float8[], $5::timestamptz[], $6::date[])
                      as read (contract_id, line_id, units, seen_at, day)
             where intents.partner_id = $1 and intents.contract_id = read.contract_id and intents.line_id = read.line_id
               and intents.result = 'confirmed' and intents.evidence = 'implied_by_total' and not intents.forgotten
               and intents.to_units = read.units and intents.granted_at < read.seen_at and read.day is not null
             returning intents.intent_id",
            &[&partner.as_str(), &contracts, &ids, &units, &seen, &dates],
        )
        .await?;
    let ids = dated.iter().map(|row| row.get("intent_id"));
    let written: Vec<uuid::Uuid> =
        touched.iter().copied().map(Ok).chain(ids).collect::<Result<_, StoreError>>()?;
    write_journal(tx, partner, &written).await?;
    note_confirmed(tx, partner, &touched).await
}

/// Stores the units that a target was last seen to have from us, by those of these intents that are confirmed.
async fn note_confirmed(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    intents: &[uuid::Uuid],
) -> Result<(), StoreError> {
    tx.execute(
        "update targets set confirmed_units = intents.to_units, confirmed_at = intents.settled_at
         from intents
         where intents.partner_id = $1 and intents.intent_id = any($2) and intents.result = 'confirmed'
           and not intents.forgotten
           and targets.partner_id = $1 and targets.contract_id = intents.contract_id
           and targets.service_id = intents.service_id",
        &[&partner.as_str(), &intents],
    )
    .await?;
    Ok(())
}

/// A confirmed change of a run, whichever of its attempts made it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MadeChange {
    /// Kaseya's contract.
    pub contract: ContractId,
    /// Kaseya's service.
    pub service: ServiceId,
    /// The units that Kaseya showed before.
    pub from_units: f64,
    /// The first day with the new units.
    pub effective_date: Date,
}

/// The run's changes, as known now.
pub async fn changes_of_run(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    run: RunId,
) -> Result<Vec<MadeChange>, StoreError> {
    let rows = tx
        .query(
            "select distinct on (contract_id, service_id) contract_id, service_id, from_units, effective_date
             from intents where partner_id = $1 and run_id = $2 and result = 'confirmed'
             order by contract_id, service_id, granted_at",
            &[&partner.as_str(), &run.0],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(MadeChange {
                contract: ContractId(row.get("contract_id")?),
                service: ServiceId(row.get("service_id")?),
                from_units: row.get("from_units")?,
                effective_date: row.get("effective_date")?,
            })
        })
        .collect()
}

/// One row per intent that reached Kaseya or may have; its result only gets more certain. An intent that was never
/// sent, was refused, or was open and never landed leaves no row.
async fn write_journal(
    tx: &Transaction<'_>,
    partner: &PartnerId,
    intents: &[uuid::Uuid],
) -> Result<(), StoreError> {
    tx.execute(
        "insert into journal (partner_id, intent_id, run_id, trigger, contract_id, service_id, line_id, from_units,
                              to_units, effective_date, addends, approved_hold_id, standing, written_at, confirmed_at,
                              traceparent, pair_id, effective_date_read, evidence)
         select intents.partner_id, intent_id, intents.run_id, runs.trigger, contract_id, service_id, line_id,
                from_units, to_units, effective_date, addends, approved_hold_id, result, settled_at,
                case when result = 'confirmed' then settled_at end, intents.traceparent,
                intents.pair_id, intents.effective_date_read, intents.evidence
         from intents join runs on runs.run_id = intents.run_id
         where intents.partner_id = $1 and intent_id = any($2) and result in ('sent', 'confirmed', 'unsure')
         order by granted_at
         on conflict (intent_id) do update set standing = excluded.standing, confirmed_at = excluded.confirmed_at,
             effective_date_read = excluded.effective_date_read, evidence = excluded.evidence
         where journal.standing <> 'confirmed' or journal.evidence = 'implied_by_total'",
        &[&partner.as_str(), &intents],
    )
    .await?;
    tx.execute(
        "update journal set standing = 'not_applied'
         from intents
         where journal.partner_id = $1 and journal.intent_id = any($2) and intents.intent_id = journal.intent_id
           and intents.result = 'not_applied'",
        &[&partner.as_str(), &intents],
    )
    .await?;
    Ok(())
}
