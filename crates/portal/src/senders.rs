//! The senders of counts and charges, in words (F7).

use advice::Language;
use domain::ProductId;
use store::{
    counts::senders::{ChargesSender, FrozenSource, Reported, Sender},
    settings::PartnerSettings,
};

use crate::{
    shown,
    words::{self, fill},
};

/// A company's newest report.
pub(crate) fn newest(reported: &Reported, settings: &PartnerSettings, language: Language) -> String {
    let words = words::Senders::of(language);
    let day = shown::day(reported.day, language);
    let at = shown::instant(reported.at, settings.zone(), language);
    fill(words.reported, &[("day", &day), ("at", &at), ("senders", &all(&reported.senders, language))])
}

/// The sources of a month's frozen numbers; numbers with the same source share one text.
pub(crate) fn frozen(
    sources: &[(ProductId, FrozenSource)],
    settings: &PartnerSettings,
    language: Language,
) -> Vec<String> {
    let words = words::Senders::of(language);
    let mut together: Vec<(&FrozenSource, Vec<String>)> = Vec::new();
    for (product, source) in sources {
        let name = settings.product_name(product);
        match together.iter_mut().find(|(known, _)| *known == source) {
            Some((_, names)) => names.push(name),
            None => together.push((source, vec![name])),
        }
    }
    let said = |(source, names): (&FrozenSource, Vec<String>)| {
        let instant = |at| shown::instant(at, settings.zone(), language);
        let products = names.join(", ");
        match source {
            FrozenSource::Report(reported) => {
                let (at, senders) = (instant(reported.at), all(&reported.senders, language));
                fill(words.frozen, &[("at", &at), ("senders", &senders), ("products", &products)])
            }
            FrozenSource::Correction { reason, at } => {
                fill(words.corrected, &[("at", &instant(*at)), ("reason", reason), ("products", &products)])
            }
        }
    };
    together.into_iter().map(said).collect()
}

/// The sender of the charges.
pub(crate) fn charges(sender: &ChargesSender, settings: &PartnerSettings, language: Language) -> String {
    let words = words::Senders::of(language);
    let by = sender.by.iter().map(|name| Sender::Token(name.clone())).collect::<Vec<_>>();
    let at = shown::instant(sender.at, settings.zone(), language);
    fill(words.charged, &[("at", &at), ("senders", &all(&by, language))])
}

fn all(senders: &[Sender], language: Language) -> String {
    if senders.is_empty() {
        return words::Senders::of(language).unknown.to_owned();
    }
    senders.iter().map(|sender| one(sender, language)).collect::<Vec<_>>().join("; ")
}

fn one(sender: &Sender, language: Language) -> String {
    let words = words::Senders::of(language);
    match sender {
        Sender::Token(name) => fill(words.token, &[("name", name)]),
        Sender::File => words.file.to_owned(),
        Sender::Message { user, app } => {
            let user = user.as_ref();
            let sender =
                user.map_or_else(|| words.message.to_owned(), |user| fill(words.user, &[("user", user)]));
            match app {
                Some(app) => fill(words.app, &[("sender", &sender), ("app", app)]),
                None => sender,
            }
        }
    }
}
