//! Why a page shows no data from Kaseya: in our words, with the code.

use advice::Language;
use connection::{NoAddress, NotRead, NotTried};
use jiff::tz::TimeZone;
use kaseya::BasesError;

use crate::{
    failure::Failure,
    shown,
    words::{self, fill},
};

/// The message of a page that could not read from Kaseya.
pub(crate) struct KaseyaSays {
    /// In our words.
    pub text: String,
    /// In Kaseya's words, if it sent any.
    pub words: Option<String>,
}

/// The message for an error. An error of our own database is a failure of the page.
pub(crate) fn of(error: NotRead, zone: &TimeZone, language: Language) -> Result<KaseyaSays, Failure> {
    let words = words::Mapping::of(language);
    if let NotRead::NotTried(NotTried::NotBefore { until }) = &error {
        let when = shown::instant(*until, zone, language);
        return Ok(KaseyaSays { text: fill(words.not_read_before, &[("when", &when)]), words: None });
    }
    if let NotRead::NotTried(NotTried::TooOften { until }) = &error {
        let when = shown::instant(*until, zone, language);
        return Ok(KaseyaSays { text: fill(words.not_read_now, &[("when", &when)]), words: None });
    }
    if let NotRead::NotTried(NotTried::NoAddress(NoAddress::Bases(BasesError::NotAllowed { host, .. }))) =
        &error
    {
        return Ok(KaseyaSays { text: fill(words.host_not_allowed, &[("host", host)]), words: None });
    }
    let said = match &error {
        NotRead::Call(call) => call.words().map(str::to_owned),
        _ => None,
    };
    match error {
        NotRead::Store(error) => Err(error.into()),
        NotRead::NotConnected => Err(Failure::NotFound),
        error => {
            let code = error.code().map_or_else(|| error.to_string(), |code| code.to_string());
            let mut text = fill(words.not_read, &[("code", &code)]);
            if let NotRead::Call(call) = &error
                && let Some((_, fault)) = call.answer_fault()
            {
                text = format!("{text} ({})", advice::answer_fault(fault, language));
            }
            Ok(KaseyaSays { text, words: said })
        }
    }
}
