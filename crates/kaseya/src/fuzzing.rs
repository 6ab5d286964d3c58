//! Entry points for fuzzing. The code that reads Kaseya's answers is private, so it is fed from here. The entry
//! points exist only with the feature `fuzzing`, which only the fuzz tests request.

use std::sync::Arc;

use egress::Response;
use jiff::Timestamp;

use crate::{
    LineProfile,
    answer::{self, Envelope, Success, Verdict},
    door::Inside,
    fields, lines, login,
    raw_object::RawObject,
    reads, session, user_info,
};

fn envelopes() -> [Envelope; 3] {
    [Envelope::V2, Envelope::V1(Arc::default()), Envelope::Plain]
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn response(status: u16, bytes: &[u8]) -> Response {
    Response { status, content_type: None, retry_after: None, body: bytes.to_vec().into() }
}

/// What a 200 with this body says, in each envelope.
fn successes(bytes: &[u8]) -> impl Iterator<Item = Success> {
    envelopes().into_iter().filter_map(move |envelope| match answer::read(&response(200, bytes), &envelope) {
        Verdict::Success(success) => Some(success),
        _ => None,
    })
}

/// An answer's body, under every kind of status. Only what says so, under a 2xx, is a success.
pub fn answer(bytes: &[u8]) {
    for status in [200, 204, 302, 400, 401, 403, 404, 429, 500, 503] {
        for envelope in envelopes() {
            match answer::read(&response(status, bytes), &envelope) {
                Verdict::Success(success) => {
                    assert!((200..300).contains(&status), "{status} is a success");
                    let _ = success.rows();
                }
                Verdict::Unauthorized(said)
                | Verdict::Forbidden(said)
                | Verdict::Refused(_, said)
                | Verdict::NotUnderstood(_, said)
                | Verdict::Unclear { said, .. } => {
                    let _ = login::code_of(&said);
                    let _ = crate::Words::new(&said, &[]);
                }
                Verdict::Limited(_)
                | Verdict::Server(_)
                | Verdict::Page
                | Verdict::NotKaseya
                | Verdict::Garbled(_) => {}
            }
        }
    }
}

/// The body of a login's answer. A token lasts at least from now on.
pub fn tokens(bytes: &[u8]) {
    for success in successes(bytes) {
        let v2 = login::v2_tokens(&success, &mut Inside::default(), now()).map(|tokens| tokens.access);
        let v1 = login::v1_token(&success, &mut Inside::default(), now());
        for token in [v2, v1].into_iter().flatten() {
            assert!(token.lasts(now()), "a new token is over");
        }
    }
}

/// The body of a contract's lines. A line goes back with its units changed and all else as it came.
pub fn lines(bytes: &[u8]) {
    let profile = LineProfile::default();
    for success in successes(bytes) {
        let page = lines::parse_lines(&success, domain::ContractId(1), &profile);
        for line in page.into_iter().flat_map(|page| page.lines) {
            let day = jiff::civil::date(2026, 12, 1);
            let written = line.with(7, day, &profile.fields);
            assert_eq!(
                fields::get(&written.read().expect("it was read before"), &profile.fields.units),
                Some(&7.into())
            );
            let others = |object: &RawObject| -> Vec<(String, String)> {
                let ours = |name: &str| {
                    [&profile.fields.units, &profile.fields.effective_date]
                        .iter()
                        .any(|ours| name.eq_ignore_ascii_case(ours))
                };
                object
                    .texts()
                    .filter(|(name, _)| !ours(name))
                    .map(|(n, v)| (n.to_owned(), v.to_owned()))
                    .collect()
            };
            assert_eq!(others(&written), others(&line.whole), "a field goes back changed");
        }
    }
}

/// The body of a list of contracts, services or accounts, and of the user's own page.
pub fn lists(bytes: &[u8]) {
    for success in successes(bytes) {
        if let Some(user) = success.result.as_object() {
            let _ = user_info::user_info(user);
        }
        for row in success.rows().into_iter().flatten() {
            let _ = (reads::contract(row), reads::service(row), reads::account(row));
        }
    }
}

/// A `retry-after`.
pub fn retry_after(text: &str) {
    let _ = session::retry_at(text, now());
}
