//! Look-ups by ids, and what their answers prove.
//!
//! How a server binds several ids of one name is not published. It may accept them all, the first, or none, and it
//! may cut its answer. So an id that an answer leaves out counts as missing only if this session has seen that the
//! look-up finds existing ids; otherwise its state is not known.

use std::collections::{BTreeMap, BTreeSet};

use domain::AnswerFault;
use egress::Body;

use crate::{
    BmsError, Session,
    answer::Success,
    fields::{self, Object, Problem},
    look_up_kind::{LookUpKind, PAGE},
};

/// Up to this many ids that an answer left out are asked for one by one. If more are left out, the rest is not known.
const SINGLES: usize = 40;

/// The result of a look-up by ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp<T> {
    /// The rows of the requested ids, by id.
    pub shown: BTreeMap<i32, T>,
    /// Ids for which the answers do not say whether they exist. Any other id that is not shown does not exist.
    pub not_known: BTreeSet<i32>,
}

impl<T> LookUp<T> {
    /// Whether Kaseya is known not to show this id.
    pub fn is_missing(&self, id: i32) -> bool {
        !self.shown.contains_key(&id) && !self.not_known.contains(&id)
    }
}

fn id(row: &Object) -> Result<i32, Problem> {
    fields::id(row, "id", AnswerFault::RowWithoutId)
}

/// The rows of page `number`, counted from 1. If the page is empty although the total says that it has rows, the
/// server counts pages from another number, or the answer does not belong to the request.
pub(crate) fn page_rows(success: &Success, number: usize) -> Result<Vec<&Object>, Problem> {
    let rows = success.rows()?;
    let before = (number.saturating_sub(1) * PAGE) as u64;
    if rows.is_empty() && success.total.is_some_and(|total| total > before) {
        return Err(AnswerFault::EmptyPage);
    }
    Ok(rows)
}

impl Session {
    /// Looks up these ids. `at_hand` is an id that is known to exist, for the proof.
    pub(crate) async fn look_up<T>(
        &self,
        kind: LookUpKind,
        asked: &BTreeSet<i32>,
        at_hand: Option<i32>,
        parse: impl Fn(&Object) -> Result<T, Problem>,
    ) -> Result<LookUp<T>, BmsError> {
        let mut found = LookUp { shown: BTreeMap::new(), not_known: BTreeSet::new() };
        let ids: Vec<i32> = asked.iter().copied().collect();
        let (mut left_out, mut empty_alone) = (Vec::new(), BTreeSet::new());
        for ids in ids.chunks(kind.at_once()) {
            let (shown, others) = self.looked_up(kind, ids, &parse).await?;
            let missing: Vec<i32> = ids.iter().copied().filter(|id| !shown.contains_key(id)).collect();
            if missing.is_empty() {
                self.prove(kind, ids.len());
            } else if ids.len() == 1 && !others {
                empty_alone.extend(&missing);
            } else if ids.len() == 1 {
                found.not_known.extend(&missing);
            } else {
                left_out.push((ids.len(), others, missing));
            }
            found.shown.extend(shown);
        }
        for (at_once, others, missing) in left_out {
            // As many ids in one call were all shown before: the answer is complete.
            if !others && self.proven(kind) >= at_once {
                continue;
            }
            for (place, missing_id) in missing.iter().enumerate() {
                if place >= SINGLES {
                    found.not_known.insert(*missing_id);
                    continue;
                }
                let (shown, others) = self.looked_up(kind, &[*missing_id], &parse).await?;
                if !shown.is_empty() {
                    self.prove(kind, 1);
                } else if others {
                    found.not_known.insert(*missing_id);
                } else {
                    empty_alone.insert(*missing_id);
                }
                found.shown.extend(shown);
            }
        }
        if !empty_alone.is_empty() {
            let at_hand = at_hand.or_else(|| found.shown.keys().next().copied());
            if !self.finds_what_is_there(kind, at_hand).await? {
                found.not_known.extend(empty_alone);
            }
        }
        Ok(found)
    }

    /// The rows of these ids, and whether the answer has other rows.
    async fn looked_up<T>(
        &self,
        kind: LookUpKind,
        ids: &[i32],
        parse: &impl Fn(&Object) -> Result<T, Problem>,
    ) -> Result<(BTreeMap<i32, T>, bool), BmsError> {
        let call = kind.call(ids);
        let success = self.read(&call, || Body::None).await?;
        let garbled = |problem| self.garbled(&call, problem);
        let (mut shown, mut others) = (BTreeMap::new(), false);
        for row in page_rows(&success, 1).map_err(garbled)? {
            let found = id(row).map_err(garbled)?;
            if ids.contains(&found) {
                shown.insert(found, parse(row).map_err(garbled)?);
            } else {
                others = true;
            }
        }
        Ok((shown, others))
    }

    /// Whether the look-up of one id finds an existing item.
    async fn finds_what_is_there(&self, kind: LookUpKind, at_hand: Option<i32>) -> Result<bool, BmsError> {
        if self.proven(kind) >= 1 {
            return Ok(true);
        }
        let there = match at_hand {
            Some(id) => Some(id),
            None => {
                let (call, _) = kind.sample();
                let success = self.read(&call, || kind.sample().1).await?;
                let first =
                    page_rows(&success, 1).and_then(|rows| rows.first().map(|row| id(row)).transpose());
                first.map_err(|problem| self.garbled(&call, problem))?
            }
        };
        // Kaseya shows nothing at all, so it shows none of the ids.
        let Some(there) = there else { return Ok(true) };
        let (shown, _) = self.looked_up(kind, &[there], &|_| Ok(())).await?;
        if shown.contains_key(&there) {
            self.prove(kind, 1);
        }
        Ok(shown.contains_key(&there))
    }

    /// The error for an id when the look-up does not say whether it exists.
    pub(crate) fn not_known(&self, kind: LookUpKind) -> BmsError {
        self.garbled(&kind.call(&[]), AnswerFault::PartOfIds)
    }

    fn proven(&self, kind: LookUpKind) -> usize {
        self.own().proven.get(&kind).map_or(0, |proven| proven.whole)
    }

    fn prove(&self, kind: LookUpKind, at_once: usize) {
        let mut own = self.own();
        let proven = own.proven.entry(kind).or_default();
        proven.whole = proven.whole.max(at_once);
    }
}
