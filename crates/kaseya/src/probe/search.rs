//! The search for the line profile that fits: only reads, few of them, over all candidates.

use std::sync::Arc;

use domain::ContractId;
use egress::Body;

use super::{
    Candidate, CandidateAnswer, Seen,
    candidate::{is_part, list_at, prorations},
    shape,
};
use crate::{BmsError, LineProfile, Session, calls::Call, lines::Paging};

/// The most V1 calls of a probe that only reads, its login included.
pub const MOST_V1_CALLS: u32 = 12;
/// Calls that the search reserves to find out how pages are requested.
const FOR_PAGING: u32 = 2;

/// The result of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Every candidate, in the order of the requests.
    pub candidates: Vec<Candidate>,
    /// The profile that fits, with the paging that was seen.
    pub fitting: Option<LineProfile>,
    /// All candidates that read in the same way: no reading shows which of them writes.
    pub same_reading: Vec<String>,
    /// If none fits, the nearest candidate and what it misses.
    pub nearest: Option<(String, Vec<String>)>,
    /// How pages are requested, as far as this contract shows.
    pub paging: String,
    /// Whether rows look like prorations.
    pub prorations: String,
    /// Whether the rows show that prorations are not among the lines; `None` if they show neither.
    pub(super) prorations_are_no_lines: Option<bool>,
}

/// A candidate's read and its answer.
pub(super) struct CandidateRead {
    pub profile: Arc<LineProfile>,
    key: (String, Vec<(&'static str, String)>),
    pub seen: Option<Seen>,
    /// Why there is no answer to it.
    no_answer: Option<String>,
}

impl Session {
    /// Requests a contract's lines as every candidate does, the session's own profile first. A call that two
    /// candidates share is made once.
    pub(super) async fn ask_candidates(&self, contract: ContractId) -> Result<Vec<CandidateRead>, BmsError> {
        let own = Arc::clone(self.line_profile());
        let shipped = LineProfile::shipped().iter().filter(|profile| !profile.says_the_same(&own)).cloned();
        let mut asked: Vec<CandidateRead> = Vec::new();
        for profile in [Arc::clone(&own)].into_iter().chain(shipped.map(Arc::new)) {
            let call = self.lines_call(&profile, contract, 0, 0);
            let key = (call.path.clone(), call.query.clone());
            let known = asked.iter().any(|other| other.key == key);
            let (seen, no_answer) = match known || !self.may_ask(FOR_PAGING) {
                true => (None, None),
                false => match self.look(&call, Body::None).await {
                    Ok(seen) => (Some(seen), None),
                    // The others may still be answered: the error may be a redirect to a page, or an answer without
                    // end.
                    Err(BmsError::NoAnswer { cause, .. }) => (None, Some(cause.to_string())),
                    Err(error) => return Err(error),
                },
            };
            asked.push(CandidateRead { profile, key, seen, no_answer });
        }
        Ok(asked)
    }

    /// Whether the probe has a V1 call left apart from the reserved ones.
    pub(super) fn may_ask(&self, kept: u32) -> bool {
        self.v1_calls_made() + kept < MOST_V1_CALLS && self.v1_calls_left() > kept
    }

    /// Judges the answers, and finds out about pages. A contract that a person names for it is expected to have
    /// prorations.
    pub(super) async fn judge_candidates(
        &self,
        asked: &[CandidateRead],
        (contract, has_prorations): (ContractId, bool),
        total: Option<f64>,
    ) -> Result<Search, BmsError> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for one in asked {
            let call = self.lines_call(&one.profile, contract, 0, 0);
            let shown = self.shown_call(&call, &one.profile);
            let is_first = |other: &&CandidateRead| other.seen.is_some() || other.no_answer.is_some();
            let first = asked.iter().filter(|other| other.key == one.key).find(is_first);
            let candidate = match first.map(|first| (first.seen.as_ref(), first.no_answer.as_deref())) {
                Some((Some(seen), _)) => Candidate::judge(&one.profile, shown, seen, contract, total),
                Some((None, Some(why))) => {
                    let why = format!("it got no answer: {why}");
                    Candidate::without_answer(&one.profile, shown, CandidateAnswer::NoAnswer, why)
                }
                _ => {
                    let why = "it was not asked".to_owned();
                    Candidate::without_answer(&one.profile, shown, CandidateAnswer::NotAsked, why)
                }
            };
            let same_call_as = first
                .filter(|first| !Arc::ptr_eq(&first.profile, &one.profile))
                .map(|first| first.profile.name().to_owned());
            candidates.push(Candidate { same_call_as, ..candidate });
        }
        let fits = asked.iter().zip(&candidates).filter(|(_, candidate)| candidate.fits());
        // The first of the nearest: the session's own profile comes before others that fit as well.
        let best = fits.rev().max_by_key(|(_, candidate)| candidate.nearness());
        let Some((chosen, _)) = best else {
            let nearest = candidates.iter().rev().max_by_key(|candidate| candidate.nearness());
            let nearest = nearest.map(|near| (near.profile.clone(), near.misses.clone()));
            let nothing = "no candidate fits".to_owned();
            return Ok(Search {
                candidates,
                fitting: None,
                same_reading: Vec::new(),
                nearest,
                paging: nothing.clone(),
                prorations: nothing,
                prorations_are_no_lines: None,
            });
        };
        let same_reading = asked.iter().filter(|one| one.key == chosen.key);
        let same_reading = same_reading.map(|one| one.profile.name().to_owned()).collect();
        let seen = asked.iter().filter(|one| one.key == chosen.key).find_map(|one| one.seen.as_ref());
        let rows = seen.and_then(|seen| list_at(&seen.body, &chosen.profile.read.rows)).unwrap_or_default();
        let total =
            total.filter(|_| !seen.is_some_and(|seen| is_part(&chosen.profile, &seen.body, rows.len())));
        let prorations = prorations(&rows, &chosen.profile.fields, total, has_prorations);
        let second = rows.get(1).and_then(|row| shape::id(row, &chosen.profile.fields.line));
        let (paging, told) = self.find_paging(&chosen.profile, contract, second, rows.len()).await?;
        Ok(Search {
            candidates,
            fitting: Some(chosen.profile.with_paging(paging)),
            same_reading,
            nearest: None,
            paging: told,
            prorations: prorations.said,
            prorations_are_no_lines: prorations.are_no_lines,
        })
    }

    /// Finds out how to request the second line alone.
    async fn find_paging(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        second: Option<i32>,
        rows: usize,
    ) -> Result<(Paging, String), BmsError> {
        let size = match profile.read.paging {
            Paging::None => return Ok((Paging::None, "the answer is always whole".to_owned())),
            Paging::Skip(size) | Paging::Page(size) => size,
        };
        let Some(second) = second else {
            let told = "not told: take a contract with at least two lines".to_owned();
            return Ok((profile.read.paging, told));
        };
        for (paging, words, query) in [
            (Paging::Skip(size), "$top and $skip", [("$top", "1"), ("$skip", "1")]),
            (Paging::Page(size), "PageSize and PageNumber", [("PageSize", "1"), ("PageNumber", "2")]),
        ] {
            if !self.may_ask(0) {
                return Ok((profile.read.paging, "not told: the probe's calls are used up".to_owned()));
            }
            let seen = self.look(&self.part_call(profile, contract, query), Body::None).await?;
            if !seen.is_success() {
                let told = format!("not told: a part was answered with status {}", seen.status);
                return Ok((profile.read.paging, told));
            }
            let shown = list_at(&seen.body, &profile.read.rows).unwrap_or_default();
            let ids: Vec<_> = shown.iter().map(|row| shape::id(row, &profile.fields.line)).collect();
            if ids == [Some(second)] {
                return Ok((paging, format!("{words} cut the lines into pages")));
            }
        }
        let told = format!("nothing cuts the lines into pages: {rows} came whatever part was asked for");
        Ok((Paging::None, told))
    }

    /// A call for a part of the lines.
    pub(super) fn part_call(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        part: [(&'static str, &str); 2],
    ) -> Call {
        let mut call = self.lines_call(profile, contract, 0, 0);
        call.query.retain(|(name, _)| matches!(*name, "$filter" | "$orderby" | "Sort"));
        call.query.extend(part.map(|(name, value)| (name, value.to_owned())));
        call
    }

    /// The call for people, without the contract's id.
    fn shown_call(&self, call: &Call, profile: &LineProfile) -> String {
        let query = call.query.iter().map(|(name, value)| match (*name, &profile.read.filter) {
            ("$filter", Some(filter)) => format!("$filter={filter}"),
            (name, _) => format!("{name}={value}"),
        });
        let query = query.collect::<Vec<_>>().join("&");
        let endpoint = self.endpoint(call);
        if query.is_empty() { endpoint } else { format!("{endpoint}?{query}") }
    }
}
