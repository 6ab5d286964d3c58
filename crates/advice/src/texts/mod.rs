//! The texts, one file per group of codes.

mod auth;
mod contracts;
mod counts;
mod jobs;
mod mappings;
mod reach;
mod sentences;
mod services;

use domain::{Brake, ErrorCode};

use crate::{Facts, text::Text};

/// The text of a code, or of the special case that the facts make of it.
pub(crate) fn of(code: ErrorCode, facts: &Facts) -> &'static Text {
    match code {
        ErrorCode::Auth01 => &auth::AUTH_01,
        ErrorCode::Auth02 => &auth::AUTH_02,
        ErrorCode::Auth03 => &auth::AUTH_03,
        ErrorCode::Auth04 => &auth::AUTH_04,
        ErrorCode::Auth05 => &auth::AUTH_05,
        ErrorCode::Auth06 => &auth::AUTH_06,
        ErrorCode::Auth07 => &auth::AUTH_07,
        ErrorCode::Auth08 => &auth::AUTH_08,
        ErrorCode::Ten01 => &auth::TEN_01,
        ErrorCode::Host01 => &reach::HOST_01,
        ErrorCode::Net01 => &reach::NET_01,
        ErrorCode::Net02 => &reach::NET_02,
        ErrorCode::Lim01 => &reach::LIM_01,
        ErrorCode::Acc01 => &contracts::ACC_01,
        ErrorCode::Con01 => &contracts::CON_01,
        ErrorCode::Con02 => &contracts::CON_02,
        ErrorCode::Con03 => &contracts::CON_03,
        ErrorCode::Con04 => &contracts::CON_04,
        ErrorCode::Per01 if facts.brake == Some(Brake::BillingCycle) => &contracts::PER_01_CYCLE,
        ErrorCode::Per01 => &contracts::PER_01,
        ErrorCode::Per03 => &contracts::PER_03,
        ErrorCode::Svc01 => &services::SVC_01,
        ErrorCode::Lin01 => &reach::LIN_01,
        ErrorCode::Lin02 => &reach::LIN_02,
        ErrorCode::Svc02 => &services::SVC_02,
        ErrorCode::Svc03 => &services::SVC_03,
        ErrorCode::Svc04 if facts.sent => &services::SVC_04_SENT,
        ErrorCode::Svc04 => &services::SVC_04,
        ErrorCode::Drf01 if facts.sent => &services::DRF_01_SENT,
        ErrorCode::Drf01 => &services::DRF_01,
        ErrorCode::Prc01 => &services::PRC_01,
        ErrorCode::Qty01 if facts.brake == Some(Brake::Leftover) && facts.dismissed => {
            &counts::QTY_01_LEFTOVER_DISMISSED
        }
        ErrorCode::Qty01 if facts.brake == Some(Brake::Leftover) => &counts::QTY_01_LEFTOVER,
        ErrorCode::Qty01 if facts.dismissed => &counts::QTY_01_DISMISSED,
        ErrorCode::Qty01 => &counts::QTY_01,
        ErrorCode::Qty02 => &counts::QTY_02,
        ErrorCode::Qty03 => &counts::QTY_03,
        ErrorCode::Qty04 => &counts::QTY_04,
        ErrorCode::Qty05 => &counts::QTY_05,
        ErrorCode::Map01 => &mappings::MAP_01,
        ErrorCode::Map02 => &mappings::MAP_02,
        ErrorCode::Map03 => &mappings::MAP_03,
        ErrorCode::Map04 => &mappings::MAP_04,
        ErrorCode::Map05 => &mappings::MAP_05,
        ErrorCode::Job01 => &jobs::JOB_01,
        ErrorCode::Job02 => &jobs::JOB_02,
        ErrorCode::Job03 => &jobs::JOB_03,
        ErrorCode::Unk01 if facts.sent => &jobs::UNK_01_SENT,
        ErrorCode::Unk01 => &jobs::UNK_01,
    }
}

#[cfg(test)]
mod tests;
