//! The command line.

use std::path::PathBuf;

use advice::Language;
use clap::{Parser, Subcommand};
use domain::{MAX_NAME, Role, Text, TextError};
use operations::access::TOKEN_DAYS;

/// The default name of the acting person.
const OPERATOR: &str = "operator";

/// The name of the acting person: 1 to 200 visible characters. An environment without a user leaves it empty.
fn person(name: &str) -> Result<String, TextError> {
    match name.trim() {
        "" => Ok(OPERATOR.to_owned()),
        name => Text::<MAX_NAME>::new(name).map(String::from),
    }
}

/// Keeps the units on Kaseya BMS contracts equal to the provider's user counts.
///
/// Exit codes: 0 all is in order; 1 it could not be done, or was refused; 2 the command line is wrong; 3 it was done, and
/// something was not sent or waits for a person.
#[derive(Debug, Parser)]
#[command(name = "kaseya-sync", version)]
pub(crate) struct CommandLine {
    /// A TOML file that is laid over the program's defaults; KASEYA_SYNC_SECTION__KEY is laid over the file.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Where `standalone` or `demo` keeps its state; for the other commands: talk to the one that runs there, instead of
    /// the database and the broker of the configuration.
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks a partner's settings in a TOML file and stores all of them, or none.
    Apply {
        /// The file; `deploy/sample-partner.toml` explains it.
        file: PathBuf,
        /// Stores other credentials than those in force, or the first, without trying them: for a Kaseya that cannot be
        /// reached from here.
        #[arg(long)]
        without_trying: bool,
        #[command(flatten)]
        by: By,
    },
    /// Tries a partner's values: logs in to Kaseya for real and makes one read per right that a sync needs. Stores nothing
    /// of them and changes nothing in Kaseya.
    Authenticate {
        /// A settings file, saved or not; or the id of a partner, whose stored values are tried.
        #[arg(value_name = "FILE|PARTNER")]
        whose: String,
        /// As one JSON document.
        #[arg(long)]
        json: bool,
        /// Tries the very values that Kaseya has refused once more: what was wrong is mended in Kaseya.
        #[arg(long)]
        mended: bool,
        #[command(flatten)]
        advice: AdviceLanguage,
    },
    /// Asks for a sync of a partner, now.
    SyncNow(SyncNow),
    /// Shows how a partner's companies stand.
    Status {
        /// The partner's id.
        partner: String,
        /// As one JSON document.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        advice: AdviceLanguage,
    },
    /// Shows the calls made to a partner's Kaseya in the last hour, per endpoint, beside its limit and our share of it.
    Calls {
        /// The partner's id.
        partner: String,
        /// As one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Lists the changes that wait for a person, or decides one.
    Holds {
        /// The partner's id.
        partner: String,
        #[command(flatten)]
        advice: AdviceLanguage,
        #[command(subcommand)]
        decision: Option<Decision>,
    },
    /// Corrects one number of a frozen month, with its reason. It is pushed like the frozen number, through the brakes, while the
    /// month's invoice is not made.
    Correct {
        /// The partner's id.
        partner: String,
        #[command(flatten)]
        correction: Correction,
    },
    /// Lists the messages that could not be worked on and wait for a person, or shows, sends or drops one.
    DeadLetters {
        /// Those that were sent again or dropped too.
        #[arg(long)]
        all: bool,
        /// As one JSON document.
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        order: Option<LetterOrder>,
    },
    /// Makes a partner without an integration yet: whoever has its token sets it up in the portal.
    NewPartner {
        /// The partner's id, as the provider has it.
        partner: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// The provider's IANA zone for it: what a day of counting and a month's last day is.
        #[arg(long, value_name = "ZONE")]
        count_zone: String,
    },
    /// Switches a partner's integration off, and returns when no write is begun any more.
    Off {
        /// The partner's id.
        partner: String,
        #[command(flatten)]
        by: By,
    },
    /// Switches a partner's integration on.
    On {
        /// The partner's id.
        partner: String,
        #[command(flatten)]
        by: By,
    },
    /// Lists who came in, who was refused and who changed what.
    SecurityEvents {
        /// How many days back.
        #[arg(long, value_name = "DAYS", default_value_t = 7)]
        days: u16,
        /// As JSON, one event a line.
        #[arg(long)]
        json: bool,
    },
    /// Stops all writes of the installation, and returns when none is begun any more.
    StopWrites,
    /// Allows the writes of the installation again.
    AllowWrites,
    /// Shows how V1's lines are read and written, or sets it for all programs of the installation.
    LineProfile {
        /// Only for this partner, whose tenant differs from the others.
        #[arg(long)]
        partner: Option<String>,
        /// A profile of this program by its name, or a file.
        #[arg(long, value_name = "NAME-OR-FILE", conflicts_with = "reset")]
        set: Option<String>,
        /// Takes away what is set: for a partner the installation's holds again, for the installation the default.
        #[arg(long)]
        reset: bool,
    },
    /// To be said after the database was restored from a backup, before the services are started: nothing is written until
    /// all lines have been read again.
    Restored,
    /// Checks what this program takes for granted about Kaseya against a real tenant, and finds the line profile that fits: by at
    /// most 12 V1 calls, all of them reads.
    Probe(Probe),
    /// Brings the database's tables and the broker's topology up to date.
    Migrate,
    /// Keys that seal passwords.
    #[command(subcommand)]
    Keys(Keys),
    /// Tokens by which people and programs come in by the portal.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Runs all services in one process, for one small MSP: a private Postgres, no broker.
    Standalone,
    /// The same with a simulated Kaseya and a ready MSP: one scheduled sync and one that is asked for.
    Demo {
        /// Ends when both are through.
        #[arg(long)]
        once: bool,
        /// Prints what came of it as one JSON document.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct AdviceLanguage {
    /// The language of states and advice; if not given that of LANG, or English.
    #[arg(long, value_name = "en|it")]
    language: Option<Language>,
}

impl AdviceLanguage {
    /// The requested language.
    pub fn get(self) -> Language {
        self.language.unwrap_or_else(|| Language::of_locale(&std::env::var("LANG").unwrap_or_default()))
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Probe {
    /// Kaseya's host.
    #[arg(long)]
    pub host: String,
    /// The user's name.
    #[arg(long, value_name = "NAME")]
    pub user_name: String,
    /// A file with the password alone in it. It must be right: the login is sent once to V2 and once to V1.
    #[arg(long, value_name = "FILE")]
    pub password_file: PathBuf,
    /// The company name as Kaseya's login page wants it.
    #[arg(long, value_name = "NAME")]
    pub company_name: String,
    /// V2's address, where it is not https://api.HOST.
    #[arg(long, value_name = "URL")]
    pub v2_base: Option<String>,
    /// V1's address, where it is not https://HOST/api.
    #[arg(long, value_name = "URL")]
    pub v1_base: Option<String>,
    /// The line profile that is tried first: one of this program by its name, or a file.
    #[arg(long, value_name = "NAME-OR-FILE", conflicts_with = "partner")]
    pub line_profile: Option<String>,
    /// The same, with the profile that is stored for this partner.
    #[arg(long)]
    pub partner: Option<String>,
    /// The contract whose lines are searched for. Take one that has a past change of units: its rows also tell prorations
    /// from lines. If not given, the first recurring one with a price.
    #[arg(long, value_name = "ID")]
    pub contract: Option<i32>,
    /// Saves the line profile that fits; the file must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Finds out which write has its effect, the least harmful first: writes other units to this line from another day, reads
    /// both, and puts them back. For a test contract alone.
    #[arg(long, num_args = 2, value_names = ["CONTRACT", "LINE"], requires = "to")]
    pub write: Vec<i32>,
    /// The units that --write writes; others than the line has.
    #[arg(long, value_name = "UNITS", requires = "write")]
    pub to: Option<u32>,
    /// Writes without asking first: needed where no person is at a terminal.
    #[arg(long, requires = "write")]
    pub yes: bool,
    /// As one JSON document.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SyncNow {
    /// The partner's id.
    pub partner: String,
    /// Only these companies.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub company: Vec<String>,
    /// Shows what would change, and writes nothing.
    #[arg(long)]
    pub plan: bool,
    /// Waits until it is through, and shows what came of it.
    #[arg(long)]
    pub wait: bool,
    /// Who asks.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Decision {
    /// Sends the held number.
    Approve(Decided),
    /// Leaves Kaseya as it is.
    Dismiss(Decided),
}

#[derive(Debug, Subcommand)]
pub(crate) enum LetterOrder {
    /// Shows one with its body.
    Show {
        /// The letter's id, as the list shows it.
        id: uuid::Uuid,
    },
    /// Sends one to the exchange it came by, once its fault is fixed.
    Send(LetterDecided),
    /// Lets one be: it waits for nobody any more.
    Drop(LetterDecided),
}

#[derive(Debug, clap::Args)]
pub(crate) struct LetterDecided {
    /// The letter's id, as the list shows it.
    pub id: uuid::Uuid,
    /// Who decides.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Decided {
    /// The hold's id, as the list shows it.
    #[arg(required_unless_present = "all")]
    pub hold: Option<String>,
    /// Every open hold of the partner that is as it was opened.
    #[arg(long, conflicts_with = "hold")]
    pub all: bool,
    /// The units that the list shows under "to": another number is not decided about. Needed once it has changed.
    #[arg(long, value_name = "UNITS", requires = "hold")]
    pub to: Option<u32>,
    /// The units that the list shows under "from": a change from others is not decided about. Needed once they have changed.
    #[arg(long, value_name = "UNITS", requires = "to")]
    pub from: Option<f64>,
    /// Who decides.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Correction {
    /// The month, such as 2026-11.
    #[arg(long)]
    pub month: String,
    /// The company's id.
    #[arg(long)]
    pub company: String,
    /// The product's id.
    #[arg(long)]
    pub product: String,
    /// The users that the month's last day is to count.
    #[arg(long)]
    pub users: u32,
    /// Why.
    #[arg(long)]
    pub reason: String,
    /// Who corrects it.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Makes a key ring with one new key. Kept outside the database: without it no stored password can be used.
    New {
        /// The key's id.
        #[arg(long, default_value = "first")]
        id: String,
        /// The file to be made, readable by its owner alone; printed if not given.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Seals every stored password with the key that writes, so that the keys that only read can go. Nothing stops.
    Rotate,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Makes a token and prints it, this once: only its hash is kept.
    New {
        /// The partner's id.
        partner: String,
        /// What it is for, or whose it is.
        #[arg(long)]
        name: String,
        /// What it may do: viewer sees, editor maps, syncs and decides, admin sets the connection and makes tokens.
        #[arg(long, value_name = "viewer|editor|admin", value_parser = role)]
        role: Role,
        /// For how many days it lets somebody in: 1 to 365.
        #[arg(long, value_name = "DAYS", default_value_t = TOKEN_DAYS)]
        days: u16,
        #[command(flatten)]
        by: By,
    },
    /// Lists a partner's tokens, also the revoked.
    List {
        /// The partner's id.
        partner: String,
        /// As one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Lets nobody in by a token any more.
    Revoke {
        /// The partner's id.
        partner: String,
        /// The token's id, as the list shows it.
        id: String,
        #[command(flatten)]
        by: By,
    },
}

/// Who acts, as it is kept.
#[derive(Debug, clap::Args)]
pub(crate) struct By {
    /// Who does it.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

fn role(text: &str) -> Result<Role, &'static str> {
    Role::parse(text).ok_or("it is none of viewer, editor, admin, provider")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn case_b9_who_acts_is_a_text_that_can_be_seen() {
        for empty in ["", "  "] {
            assert_eq!(person(empty).as_deref(), Ok(OPERATOR));
        }
        assert_eq!(person(" Pia ").as_deref(), Ok("Pia"));
        for unfit in ["a\nb", "Pia\u{200b}", "Pia\u{202e}", &"x".repeat(201)] {
            assert!(person(unfit).is_err(), "{unfit:?}");
        }
    }

    /// Sample values for the placeholders in a page's command that do not accept any text.
    const PLACEHOLDERS: [(&str, &str); 5] = [
        ("LETTER", "01a22cc9-904e-797a-80d8-c7922b4267e8"),
        ("CONTRACT", "5012"),
        ("LINE", "7"),
        ("UNITS", "12"),
        ("N", "12"),
    ];

    /// The words of a page's command, without comment and redirection.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (number, part) in line.split('\'').enumerate() {
            if number % 2 == 1 {
                words.push(part.to_owned());
                continue;
            }
            let plain = part.split_whitespace().take_while(|word| !["#", ">", "&", "&&"].contains(word));
            words.extend(plain.map(|word| {
                let value = PLACEHOLDERS.iter().find(|(name, _)| *name == word);
                value.map_or(word, |(_, value)| value).to_owned()
            }));
            if part.contains(" #") {
                break;
            }
        }
        words
    }

    fn commands(folder: &Path) -> Vec<(PathBuf, String)> {
        const RUNNERS: [&str; 3] =
            ["kaseya-sync ", "docker compose run --rm operator ", "deploy/kubernetes/operator "];
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                found.extend(commands(&path));
            } else if path.extension().is_some_and(|ending| ending == "md") {
                let page = std::fs::read_to_string(&path).expect("a page");
                let fenced = page.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
                let lines = fenced.flat_map(|(block, _)| block.lines().map(str::trim));
                let ours =
                    lines.filter_map(|line| RUNNERS.iter().find_map(|runner| line.strip_prefix(runner)));
                found.extend(ours.map(|line| (path.clone(), line.to_owned())));
            }
        }
        found
    }

    #[test]
    fn every_command_is_on_the_operators_page() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/README.md");
        let page = std::fs::read_to_string(page).expect("the page");
        for command in CommandLine::command().get_subcommands().map(clap::Command::get_name) {
            assert!(
                page.contains(&format!("kaseya-sync {command} "))
                    || page.contains(&format!("kaseya-sync {command}\n")),
                "{command}"
            );
        }
    }

    #[test]
    fn every_command_of_the_pages_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found: Vec<_> =
            ["deploy", ".github"].iter().flat_map(|folder| commands(&root.join(folder))).collect();
        assert!(found.len() > 60, "only {} commands were found", found.len());
        for (page, line) in found {
            let line_of_words = ["kaseya-sync".to_owned()].into_iter().chain(words(&line));
            if let Err(error) = CommandLine::try_parse_from(line_of_words) {
                panic!("{}: kaseya-sync {line}\n{error}", page.display());
            }
        }
    }
}
