//! The lines of a contract over V1, read and written as the tenant's [`LineProfile`] says. The safety rules are in
//! no profile: a row of another contract is refused, a line is written only under the contract it was read from,
//! units are absolute, and everything else in a row is sent back as received.

mod kept;
mod line;
mod misfit;
pub(crate) mod profile;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod write;

use std::{sync::Arc, time::Duration};

use domain::{AnswerFault, ContractId};
use egress::{Body, Method};

pub(crate) use kept::fields_changed;
pub use line::ContractLine;
pub(crate) use line::{LinePage, is_mark, parse_lines};
use profile::filled;
pub(crate) use profile::{LineFields, LineWrite, Paging, WriteBody, WriteMethod};
pub use profile::{LineProfile, LineProfileError};
pub use write::ChangeInWait;
pub(crate) use write::names_line;

use crate::{
    BmsError, Session,
    answer::Envelope,
    calls::{Api, Call},
    fields::Problem,
};

impl Session {
    /// The call that reads a part of a contract's lines: those after the first `skip`, which arrived in `pages`
    /// pages.
    pub(crate) fn lines_call(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        skip: usize,
        pages: usize,
    ) -> Call {
        let read = &profile.read;
        let mut query = match read.paging {
            Paging::None => Vec::new(),
            Paging::Skip(size) => vec![("$top", size.to_string()), ("$skip", skip.to_string())],
            Paging::Page(size) => {
                vec![("PageSize", size.to_string()), ("PageNumber", (pages + 1).to_string())]
            }
        };
        if let Some(sort) = &profile.fields.sort {
            let name = if matches!(read.paging, Paging::Page(_)) { "Sort" } else { "$orderby" };
            query.push((name, sort.clone()));
        }
        query.extend(read.filter.as_ref().map(|filter| ("$filter", filled(filter, contract, None))));
        Call {
            api: Api::V1,
            method: Method::Get,
            route: read.route.clone(),
            path: filled(&read.route, contract, None),
            query,
            envelope: Envelope::V1(Arc::clone(profile)),
        }
    }

    /// All lines of a contract. A result that may be incomplete is an error, because a line that is not shown would
    /// count as missing. If no contract's lines have fitted the profile yet and these do not either, the error is
    /// [`BmsError::Unfit`]; later the error is this contract's own.
    pub async fn lines(&self, contract: ContractId) -> Result<Vec<ContractLine>, BmsError> {
        let mut misfit = false;
        let read = self.read_lines(&Arc::clone(self.line_profile()), contract, &mut misfit).await;
        let mut own = self.own();
        match read {
            Ok(lines) => {
                own.lines_fit |= !lines.is_empty();
                Ok(lines)
            }
            Err(error) if misfit && !own.lines_fit => Err(BmsError::Unfit(Box::new(error))),
            Err(error) => Err(error),
        }
    }

    /// Number of calls to read a contract's lines, based on the longest reading so far.
    pub fn calls_to_read_lines(&self) -> usize {
        self.own().most_pages.max(1)
    }

    /// Whether any lines read so far fit the profile. A contract without lines settles nothing.
    pub fn lines_fit(&self) -> bool {
        self.own().lines_fit
    }

    /// Reads the lines with another profile than the tenant's, for the probe.
    pub(crate) async fn lines_by(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
    ) -> Result<Vec<ContractLine>, BmsError> {
        self.read_lines(profile, contract, &mut false).await
    }

    async fn read_lines(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        misfit: &mut bool,
    ) -> Result<Vec<ContractLine>, BmsError> {
        let mut rows = self.read_rows(profile, contract, misfit, None).await?.lines;
        rows.retain(|row| !row.is_proration);
        Ok(rows)
    }

    /// All rows of a contract, including rows that are no lines. With `within` the reading belongs to a write,
    /// takes at most that long, and uses the existing token.
    async fn read_rows(
        &self,
        profile: &Arc<LineProfile>,
        contract: ContractId,
        misfit: &mut bool,
        within: Option<Duration>,
    ) -> Result<LinePage, BmsError> {
        let mut lines: Vec<ContractLine> = Vec::new();
        let (mut around, mut counted) = (None, false);
        let mut asked = Arc::clone(profile);
        for pages in 0.. {
            let call = self.lines_call(&asked, contract, lines.len(), pages);
            let garbled = |problem| self.garbled(&call, problem);
            let read = match within {
                None => self.read(&call, || Body::None).await,
                Some(time) => self.read_at_hand(&call, share(time, profile.read.paging, pages)).await,
            };
            let success = read.inspect_err(|error| *misfit = misfit::is_no_such_route(error))?;
            let page = parse_lines(&success, contract, profile).map_err(|fault| {
                *misfit = misfit::is_other_form(&success, contract, profile, fault);
                garbled(fault)
            })?;
            let (shown, first) = (page.lines.len(), lines.is_empty());
            // A list inside its contract is part of one object: no server cuts it.
            let inside = page.contract.is_some();
            around = page.contract;
            let added = add_lines(&mut lines, page.lines).map_err(garbled)?;
            // A server may cut the first page short and still start the next one where a full page would have
            // ended. Requested with the first page's actual size, the next page starts where the first one ended.
            if pages == 0 && matches!(profile.read.paging, Paging::Page(size) if (1..size).contains(&shown)) {
                Arc::make_mut(&mut asked).read.paging = Paging::Page(shown);
            }
            // The same lines again: the server ignores paging, and the first response contained everything it will
            // return.
            let unpaged = profile.read.paging == Paging::None;
            if unpaged || !first && added == 0 && shown > 0 {
                self.own().lines_come_whole = true;
            }
            let come_whole = self.own().lines_come_whole;
            let full =
                matches!(profile.read.paging, Paging::Skip(size) | Paging::Page(size) if shown >= size);
            // A total below the number of rows received is not a total.
            let total = page.total.filter(|total| *total >= lines.len() as u64);
            // A total does not count either if the rows look like a full page and no further page can be requested.
            counted = total.is_some() && (inside || !unpaged || !looks_full(shown));
            // Pages that must be requested in another way than this would look the same.
            if total.is_none() && come_whole && !(inside && unpaged) && (full || looks_full(shown)) {
                return Err(garbled(AnswerFault::PartOfList));
            }
            let whole = match total {
                // A total that equals the page's own count proves nothing if the server may have cut the page.
                Some(total) => {
                    let may_go_on = full || !unpaged && looks_full(shown);
                    lines.len() as u64 >= total && (!may_go_on || added == 0)
                }
                None => added == 0 || come_whole,
            };
            if whole {
                let most = &mut self.own().most_pages;
                *most = (*most).max(pages + 1);
                break;
            }
            if added == 0 || unpaged {
                return Err(garbled(AnswerFault::PartOfList));
            }
        }
        self.claim(contract, &lines)?;
        let uncounted = &mut self.own().lines_uncounted;
        if counted {
            uncounted.remove(&contract)
        } else {
            uncounted.insert(contract)
        };
        Ok(LinePage { total: None, lines, contract: around })
    }

    /// The error for lines of a contract that show another account than the contract's.
    pub fn lines_of_other_account(&self, contract: ContractId) -> BmsError {
        self.garbled(&self.lines_call(self.line_profile(), contract, 0, 0), AnswerFault::OtherAccount)
    }

    /// Whether the latest response gave the number of the contract's lines. Without it, a server that cuts lists by
    /// itself, into pages of an unusual size, looks like a server that returns everything.
    pub fn lines_are_counted(&self, contract: ContractId) -> bool {
        !self.own().lines_uncounted.contains(&contract)
    }

    /// The error for an incomplete list of a contract's lines.
    pub fn part_of_lines(&self, contract: ContractId) -> BmsError {
        self.garbled(&self.lines_call(self.line_profile(), contract, 0, 0), AnswerFault::PartOfList)
    }

    /// The error for lines of a contract with an id that was seen on another contract.
    pub fn line_of_other_contract(&self, contract: ContractId) -> BmsError {
        self.garbled(&self.lines_call(self.line_profile(), contract, 0, 0), AnswerFault::LineOfOtherContract)
    }

    /// Remembers the contract of these lines. An id already seen on another contract belongs to one of the two, and
    /// there is no way to know which.
    fn claim(&self, contract: ContractId, lines: &[ContractLine]) -> Result<(), BmsError> {
        let mut own = self.own();
        let other = |line: &&ContractLine| own.lines.get(&line.id).is_some_and(|owner| *owner != contract);
        if lines.iter().any(|line| other(&line)) {
            drop(own);
            return Err(self.line_of_other_contract(contract));
        }
        own.lines.extend(lines.iter().map(|line| (line.id, contract)));
        Ok(())
    }
}

/// The time for one page, so that any number of pages stays within the whole.
fn share(whole: Duration, paging: Paging, page: usize) -> Duration {
    match paging {
        Paging::None => whole,
        Paging::Skip(_) | Paging::Page(_) => {
            whole / 2_u32.pow(u32::try_from(page + 1).unwrap_or(u32::MAX).min(20))
        }
    }
}

/// Whether this number of rows may be a page that the server cut by itself: a multiple of the usual page sizes.
pub(crate) fn looks_full(rows: usize) -> bool {
    rows > 0 && (rows.is_multiple_of(10) || rows.is_multiple_of(25))
}

/// Adds a page's lines to the earlier ones, and returns the number of new lines. Lines may shift between two pages
/// and arrive twice; one id with two contents is an error, because the two lines cannot be told apart.
fn add_lines(lines: &mut Vec<ContractLine>, page: Vec<ContractLine>) -> Result<usize, Problem> {
    let before = lines.len();
    for line in page {
        match lines.iter().find(|known| known.id == line.id) {
            None => lines.push(line),
            Some(known) if *known == line => {}
            Some(_) => return Err(AnswerFault::LineTwice),
        }
    }
    Ok(lines.len() - before)
}
