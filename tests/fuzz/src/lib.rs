//! Every parser of outside bytes, to be fed with any bytes.
//!
//! None may panic, overflow or hang, whatever it is given; what it takes must come out of it again as its module says.
//! `corpus/PARSER` holds examples to begin with, most of them links to the golden messages and the sample files;
//! `found/PARSER` what once broke a parser. The ordinary tests replay both; `tests/run fuzz` goes on from them, guided by
//! coverage, for minutes each.

mod amqp;
mod answers;
mod hosts;
mod secrets;
mod settings;
mod wire;

/// A parser of outside bytes.
#[derive(Debug, Clone, Copy)]
pub struct Parser {
    /// Its name, and that of its folders.
    pub name: &'static str,
    /// Feeds it.
    pub feed: fn(&[u8]),
}

/// All of them.
pub const PARSERS: &[Parser] = &[
    Parser { name: "amqp_properties", feed: amqp::properties },
    Parser { name: "base_address", feed: hosts::base_address },
    Parser { name: "counts", feed: wire::counts },
    Parser { name: "dead_letter", feed: wire::dead_letter },
    Parser { name: "envelope", feed: wire::envelope },
    Parser { name: "hold_decided", feed: wire::hold_decided },
    Parser { name: "host", feed: hosts::host },
    Parser { name: "job_done", feed: wire::job_done },
    Parser { name: "job_ready", feed: wire::job_ready },
    Parser { name: "kaseya_answer", feed: answers::answer },
    Parser { name: "kaseya_lines", feed: answers::lines },
    Parser { name: "kaseya_lists", feed: answers::lists },
    Parser { name: "kaseya_tokens", feed: answers::tokens },
    Parser { name: "key_ring", feed: secrets::key_ring },
    Parser { name: "retry_after", feed: answers::retry_after },
    Parser { name: "schedule", feed: settings::schedule },
    Parser { name: "scheduler_answer", feed: wire::scheduler_answer },
    Parser { name: "scheduler_call", feed: wire::scheduler_call },
    Parser { name: "sealed", feed: secrets::sealed },
    Parser { name: "settings_file", feed: settings::settings_file },
    Parser { name: "simulator_data", feed: settings::simulator_data },
    Parser { name: "sync_requested", feed: wire::sync_requested },
    Parser { name: "trace_context", feed: amqp::trace_context },
];

/// The parser of this name.
pub fn parser(name: &str) -> Option<Parser> {
    PARSERS.iter().copied().find(|parser| parser.name == name)
}

/// The bytes as text; parsers of texts are handed no others.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
