//! Lines over V1: the guesses that matter most, judged by the session's line profile, or by the one that fits if that
//! one does not.

use std::{collections::BTreeSet, sync::Arc};

use domain::ContractId;
use egress::Body;
use serde_json::Value;

use super::{
    Candidate, CandidateAnswer, Findings, ProbeOrder, Search, Seen, SumCheck,
    candidate::{is_part, list_at, shown_total, sum_check},
    shape,
};
use crate::{
    BmsError, LineProfile, Session,
    answer::{self, Envelope, Verdict},
    calls::Api,
    fields::{self, Object},
    lines::Paging,
};

/// How many contracts to look into, as far as the probe's calls allow.
const CONTRACTS: usize = 3;
/// More rows than a usual page holds.
const LARGEST_USUAL_PAGE: usize = 100;
/// How many pages of contracts to search for the one that a person names.
const MOST_PAGES: u64 = 20;

impl Session {
    /// Logs in to V1, searches for the profile that fits, and judges the assumptions about lines, on the contract
    /// that a person names. `None` without a login or a contract.
    pub(super) async fn probe_lines(
        &self,
        findings: &mut Findings,
        contracts: &Seen,
        order: ProbeOrder,
    ) -> Result<Option<Search>, BmsError> {
        match self.log_in_anew(Api::V1).await {
            Ok(()) => findings.judge("v1-token", true, "accepted, with a token"),
            Err(
                error @ (BmsError::LoginRefused { .. }
                | BmsError::NotKaseya { .. }
                | BmsError::Garbled { .. }),
            ) => {
                findings.judge("v1-token", false, error.to_string());
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        match self.look_without_token(&self.harmless_call(Api::V1)).await {
            Ok(seen) => findings.judge("v1-no-token", seen.status == 401, seen.shape()),
            Err(BmsError::NoAnswer { cause, .. }) => {
                findings.judge("v1-no-token", false, format!("no answer: {cause}"));
            }
            Err(error) => return Err(error),
        }
        match self.look(&self.harmless_call(Api::V1), Body::None).await {
            Ok(seen) => {
                let words = self.line_profile().outcome.status.as_deref();
                let speaks = words.is_none_or(|name| seen.field(name).is_some());
                findings.judge("v1-unknown-contract", seen.status == 404 && speaks, seen.shape());
            }
            Err(BmsError::NoAnswer { cause, .. }) => {
                findings.judge("v1-unknown-contract", false, format!("no answer: {cause}"));
            }
            Err(error) => return Err(error),
        }

        let mut rows: Vec<Object> = contracts.rows().into_iter().cloned().collect();
        rows.sort_by_key(|row| {
            let recurs = fields::text(row, "contractType") == Some("Recurring Services");
            let priced = total_of(row).is_some_and(|total| total != 0.0);
            (!recurs, !priced)
        });
        if let Some(asked) = order.contract.or(order.trial.map(|trial| trial.contract)) {
            let named = self.find_contract(contracts, asked).await?;
            rows.retain(|row| shape::id(row, "id") != Some(asked.0));
            rows.insert(0, named);
        }
        let Some((id, first)) = rows.first().and_then(|row| Some((shape::id(row, "id")?, row))) else {
            return Ok(None);
        };
        let contract = ContractId(id);
        let answers = self.ask_candidates(contract).await?;
        let named = (contract, order.contract.is_some());
        let search = self.judge_candidates(&answers, named, total_of(first)).await?;
        match search.prorations_are_no_lines {
            Some(so) => findings.judge("v1-prorations", so, &*search.prorations),
            None => findings.unknown("v1-prorations", &*search.prorations),
        }
        let own = Arc::clone(self.line_profile());
        if let (Some(candidate), Some(seen)) =
            (search.candidates.first(), answers.first().and_then(|own| own.seen.as_ref()))
        {
            judge_route(findings, candidate, seen);
        }
        // The given profile is judged if it finds lines, otherwise the one that does.
        let finds_rows = |candidate: &Candidate| {
            matches!(candidate.answer, CandidateAnswer::List | CandidateAnswer::Embedded)
        };
        let place = search.candidates.iter().position(|candidate| candidate.fits()).unwrap_or(0);
        let own_finds = search.candidates.first().is_some_and(finds_rows);
        let chosen = answers.get(if own_finds { 0 } else { place });
        if let Some((profile, seen)) = chosen.and_then(|one| Some((&one.profile, one.seen.as_ref()?))) {
            judge_rows(findings, profile, seen, contract, first);
            judge_paging(findings, &search, profile, own_finds);
            for row in rows.iter().skip(1).take(CONTRACTS - 1) {
                let Some(id) = shape::id(row, "id").map(ContractId).filter(|_| self.may_ask(0)) else {
                    continue;
                };
                let seen = self.look(&self.lines_call(profile, id, 0, 0), Body::None).await?;
                if Arc::ptr_eq(profile, &own) {
                    judge_route(findings, &Candidate::judge(&own, String::new(), &seen, id, None), &seen);
                }
                judge_rows(findings, profile, &seen, id, row);
            }
        }
        Ok(Some(search))
    }

    /// The contract that a person names, as V2's list shows it; only its id if none of the first pages has it.
    async fn find_contract(&self, first: &Seen, asked: ContractId) -> Result<Object, BmsError> {
        let of =
            |seen: &Seen| seen.rows().into_iter().find(|row| shape::id(row, "id") == Some(asked.0)).cloned();
        if let Some(row) = of(first) {
            return Ok(row);
        }
        let pages = first.total().unwrap_or_default().div_ceil(100).min(MOST_PAGES);
        for number in 2..=pages {
            if let Some(row) = of(&self.contracts_page(number).await?) {
                return Ok(row);
            }
        }
        Ok([("id".to_owned(), Value::from(asked.0))].into_iter().collect())
    }
}

fn total_of(contract: &Object) -> Option<f64> {
    fields::get(contract, "contractBillingPrice").and_then(Value::as_f64)
}

/// Whether lines are where the profile says.
fn judge_route(findings: &mut Findings, candidate: &Candidate, seen: &Seen) {
    let is_list = matches!(candidate.answer, CandidateAnswer::List | CandidateAnswer::Embedded)
        && !candidate.misses.iter().any(|miss| miss.starts_with("rows stand at"));
    findings.judge("v1-lines-route", is_list, seen.shape());
}

fn judge_paging(findings: &mut Findings, search: &Search, profile: &LineProfile, own: bool) {
    let fits = search.fitting.as_ref().filter(|_| own);
    match fits {
        Some(fitting) if !search.paging.starts_with("not told") => {
            findings.judge("v1-lines-paging", fitting.read.paging == profile.read.paging, &*search.paging);
        }
        _ => findings.unknown("v1-lines-paging", &*search.paging),
    }
}

fn judge_rows(
    findings: &mut Findings,
    profile: &LineProfile,
    seen: &Seen,
    contract: ContractId,
    shown: &Object,
) {
    let (read, names) = (&profile.read, &profile.fields);
    let Some(lines) = list_at(&seen.body, &read.rows).filter(|_| seen.is_success()) else { return };
    let envelope = Envelope::V1(Arc::new(profile.clone()));
    let is_success = matches!(answer::read(&seen.response, &envelope), Verdict::Success(_));
    findings.judge("v1-envelope", is_success, seen.shape());
    let is_page = matches!(read.paging, Paging::Skip(size) | Paging::Page(size) if lines.len() == size);
    match shown_total(profile, &seen.body) {
        Some(total) if is_page && total > lines.len() as u64 => {
            findings.unknown("v1-lines-whole", format!("a page of {} lines of {total}", lines.len()));
        }
        Some(total) => {
            let evidence = format!("{} lines of {total}", lines.len());
            findings.judge("v1-lines-whole", total == lines.len() as u64, evidence);
        }
        None => findings.unknown("v1-lines-whole", "no total is told"),
    }
    judge_default_page(findings, profile, seen, lines.len());
    if lines.is_empty() {
        findings.unknown("v1-line-fields", "a contract without lines");
        return;
    }
    let shows = lines.iter().filter(|line| fields::at(line, &names.contract).is_some()).count();
    let is_other = |line: &&&Object| {
        fields::at(line, &names.contract).is_some_and(|value| !fields::names(value, contract.0))
    };
    let others = lines.iter().filter(is_other).count();
    let evidence = format!("of {} lines {shows} show a contract and {others} another than this", lines.len());
    findings.judge("v1-lines-alone", others == 0 && shows == lines.len(), evidence);
    let needed: Vec<&str> = names.named().into_iter().map(|(_, name)| name).collect();
    let cost = profile.says_the_same_fields_as_default().then_some("UnitCost");
    let needed: Vec<&str> = needed.into_iter().filter(|name| *name != names.contract).chain(cost).collect();
    let lacking = shape::missing(&lines, &needed);
    let evidence = format!("{} lines lack {lacking:?}: {}", lines.len(), shape::types(&lines));
    findings.judge("v1-line-fields", lacking.is_empty(), evidence.clone());
    let is_number = |line: &&Object| fields::at(line, &names.units).is_some_and(Value::is_number);
    findings.judge("v1-units", lines.iter().all(is_number), evidence);
    let dates = || lines.iter().filter_map(|line| fields::at(line, &names.effective_date)?.as_str());
    let forms: BTreeSet<String> = dates().map(shape::form).collect();
    let in_form =
        |text: &str| fields::day(text).is_some_and(|day| names.date_form.text(day) == text || is_unset(text));
    findings.judge("v1-line-dates", dates().all(in_form), format!("{}: {forms:?}", names.effective_date));
    let total = total_of(shown).filter(|_| !is_part(profile, &seen.body, lines.len()));
    match sum_check(&lines, names, total) {
        SumCheck::Unknown => findings.unknown("summary-total", "no contract with a price"),
        check => {
            let equal = check == SumCheck::Equal;
            let evidence = format!("{} lines come to the contract's total: {equal}", lines.len());
            findings.judge("summary-total", equal, evidence);
        }
    }
}

/// Whether all lines come when no page is requested. More rows than any usual page holds show that they do; fewer
/// rows than there are lines show that they do not.
fn judge_default_page(findings: &mut Findings, profile: &LineProfile, seen: &Seen, rows: usize) {
    const ID: &str = "v1-default-page";
    if profile.read.paging != Paging::None {
        return findings.unknown(ID, "this profile asks for pages, and does not rest on it");
    }
    match shown_total(profile, &seen.body) {
        Some(total) if total > rows as u64 => {
            findings.judge(ID, false, format!("{rows} lines of {total} came"))
        }
        _ if rows > LARGEST_USUAL_PAGE => findings.judge(ID, true, format!("{rows} lines came at once")),
        _ => findings.unknown(ID, format!("{rows} lines came: a contract with more than a page would tell")),
    }
}

/// Kaseya writes an unset date as year 1.
fn is_unset(text: &str) -> bool {
    text.starts_with("0001-") && shape::is_midnight(text)
}
