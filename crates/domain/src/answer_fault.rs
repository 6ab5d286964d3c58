//! What makes a response from Kaseya unusable.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is wrong with an unused response. Displayed in English; `advice` has both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "Display says what each is")]
pub enum AnswerFault {
    NotAnObject,
    NoOutcome,
    NoList,
    RowNotAnObject,
    NoUser,
    RowWithoutId,
    RowWithoutActive,
    StartDate,
    EndDate,
    TotalNotANumber,
    LineWithoutId,
    LineWithoutService,
    LineWithoutUnits,
    LineWithoutContract,
    LineEffectiveDate,
    LineFieldTwice,
    LineFieldUnreadable,
    LineTwice,
    OtherContract,
    OtherAccount,
    LineOfOtherContract,
    LineChanged,
    PartOfList,
    EmptyPage,
    PartOfIds,
    FilterIgnored,
    NoWords,
    TooLarge,
    NotSendable,
}

impl AnswerFault {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::NotAnObject,
        Self::NoOutcome,
        Self::NoList,
        Self::RowNotAnObject,
        Self::NoUser,
        Self::RowWithoutId,
        Self::RowWithoutActive,
        Self::StartDate,
        Self::EndDate,
        Self::TotalNotANumber,
        Self::LineWithoutId,
        Self::LineWithoutService,
        Self::LineWithoutUnits,
        Self::LineWithoutContract,
        Self::LineEffectiveDate,
        Self::LineFieldTwice,
        Self::LineFieldUnreadable,
        Self::LineTwice,
        Self::OtherContract,
        Self::OtherAccount,
        Self::LineOfOtherContract,
        Self::LineChanged,
        Self::PartOfList,
        Self::EmptyPage,
        Self::PartOfIds,
        Self::FilterIgnored,
        Self::NoWords,
        Self::TooLarge,
        Self::NotSendable,
    ];
}

impl fmt::Display for AnswerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnObject => "the answer is not a JSON object",
            Self::NoOutcome => "the answer does not say whether it succeeded",
            Self::NoList => "the answer has no list",
            Self::RowNotAnObject => "a row of the list is not an object",
            Self::NoUser => "the answer names no user",
            Self::RowWithoutId => "a row has no id",
            Self::RowWithoutActive => "a row does not say whether it is active",
            Self::StartDate => "a contract's start date is not a date",
            Self::EndDate => "a contract's end date is not a date",
            Self::TotalNotANumber => "a contract's total is not a number",
            Self::LineWithoutId => "a line has no id",
            Self::LineWithoutService => "a line has no service",
            Self::LineWithoutUnits => "a line has no units",
            Self::LineWithoutContract => {
                "a line does not name its contract, so that nothing tells whether the filter worked"
            }
            Self::LineEffectiveDate => "a line's effective date is not a date",
            Self::LineFieldTwice => "a line has one field twice",
            Self::LineFieldUnreadable => "a field of a line cannot be read",
            Self::LineTwice => "one line id comes twice with different contents",
            Self::OtherContract => "a row names another contract than the one asked for",
            Self::OtherAccount => "a row names another account than the one asked for",
            Self::LineOfOtherContract => "a line id was already seen on another contract",
            Self::LineChanged => "the line changed after it was read",
            Self::PartOfList => "the answer is only a part of the list",
            Self::EmptyPage => "a page is empty although the total says that it has rows",
            Self::PartOfIds => {
                "the look-up by ids left some out and cannot show whether they exist: they are not known"
            }
            Self::FilterIgnored => "Kaseya ignored the filter and showed other rows",
            Self::NoWords => "Kaseya refused the call without saying why",
            Self::TooLarge => "the answer is too large",
            Self::NotSendable => "the request cannot be written as HTTP",
        })
    }
}
