//! The command line.

use std::path::PathBuf;

use advice::Language;
use clap::{Parser, Subcommand};
use domain::{MAX_NAME, Role, Text, TextError};
use operations::access::TOKEN_DAYS;
use store::DatabaseRole;

/// The default name of the acting person.
const OPERATOR: &str = "operator";

/// The name of the acting person: 1 to 200 visible characters. An environment without a user leaves it empty.
fn person(name: &str) -> Result<String, TextError> {
    match name.trim() {
        "" => Ok(OPERATOR.to_owned()),
        name => Text::<MAX_NAME>::new(name).map(String::from),
    }
}

/// Keep the units on Kaseya BMS contracts equal to the provider's user counts.
///
/// Exit codes: 0 in order; 1 failed or refused; 2 invalid command line; 3 done, but something was not sent or waits
/// for a person.
#[derive(Debug, Parser)]
#[command(name = "kaseya-sync", version)]
pub(crate) struct CommandLine {
    /// TOML file that overrides the program's defaults. KASEYA_SYNC_SECTION__KEY variables override the file.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Directory in which `standalone` or `demo` keeps its state. Other commands talk to the one that runs there,
    /// instead of the database and the broker of the configuration.
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Store a partner's settings from a TOML file.
    ///
    /// Checks the file first: all of it is stored, or nothing.
    Apply {
        /// Settings file. `deploy/sample-partner.toml` explains it.
        file: PathBuf,
        /// Store credentials without trying them first, for a Kaseya that cannot be reached from here. By default,
        /// credentials that differ from those in force, or are the first, are tried, unless Kaseya refuses those in
        /// force.
        #[arg(long)]
        without_trying: bool,
        #[command(flatten)]
        by: By,
    },
    /// Try a partner's credentials.
    ///
    /// Logs in to Kaseya for real and makes one read per right that a sync needs. Stores none of the values and
    /// changes nothing in Kaseya.
    Authenticate {
        /// Settings file, stored or not, or the id of a partner to try its stored values.
        #[arg(value_name = "FILE|PARTNER")]
        subject: String,
        /// Print the result as one JSON document.
        #[arg(long)]
        json: bool,
        /// Try values again that Kaseya has refused, after the cause is fixed in Kaseya.
        #[arg(long)]
        fixed: bool,
        #[command(flatten)]
        advice: AdviceLanguage,
    },
    /// Request a sync of a partner.
    SyncNow(SyncNow),
    /// Show the status of a partner's companies.
    Status {
        /// The partner's id.
        partner: String,
        /// Print the status as one JSON document.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        advice: AdviceLanguage,
    },
    /// Show the calls to a partner's Kaseya in the last hour.
    ///
    /// Lists them per endpoint, next to Kaseya's limit and our share of it.
    Calls {
        /// The partner's id.
        partner: String,
        /// Print the calls as one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// List the changes that wait for a person, or decide one.
    Holds {
        /// The partner's id.
        partner: String,
        #[command(flatten)]
        advice: AdviceLanguage,
        #[command(subcommand)]
        decision: Option<Decision>,
    },
    /// Correct one count of a frozen month, with a reason.
    ///
    /// The correction is pushed like the frozen count, through the brakes, until the month's invoice is made.
    Correct {
        /// The partner's id.
        partner: String,
        #[command(flatten)]
        correction: Correction,
    },
    /// List the messages that could not be processed and wait for a person, or show, send or drop one.
    DeadLetters {
        /// Include letters that were sent again or dropped.
        #[arg(long)]
        all: bool,
        /// Print the letters as one JSON document.
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        order: Option<LetterOrder>,
    },
    /// Create a partner without an integration.
    ///
    /// The integration is then set up in the portal, with a token of the partner.
    NewPartner {
        /// The partner's id, as the provider has it.
        partner: String,
        /// The partner's name, 1 to 200 characters.
        #[arg(long)]
        name: String,
        /// IANA time zone of the provider's counts: it decides when a day begins and which day is a month's last.
        /// Example: Europe/Rome.
        #[arg(long, value_name = "ZONE")]
        count_zone: String,
    },
    /// Switch a partner's integration off.
    ///
    /// Returns when no write can begin any more.
    Off {
        /// The partner's id.
        partner: String,
        #[command(flatten)]
        by: By,
    },
    /// Switch a partner's integration on.
    On {
        /// The partner's id.
        partner: String,
        #[command(flatten)]
        by: By,
    },
    /// List sign-ins, refusals and changes.
    SecurityEvents {
        /// Number of days to look back.
        #[arg(long, value_name = "DAYS", default_value_t = 7)]
        days: u16,
        /// Print the events as JSON, one per line.
        #[arg(long)]
        json: bool,
    },
    /// Stop all writes of the installation.
    ///
    /// Returns when no write can begin any more.
    StopWrites,
    /// Allow the writes of the installation again.
    AllowWrites,
    /// Show or set the line profile: how contract lines are read and written over V1.
    ///
    /// Without --partner it applies to all programs of the installation.
    LineProfile {
        /// Apply to this partner only, for a tenant that differs from the others.
        #[arg(long)]
        partner: Option<String>,
        /// Set this profile: the name of a built-in one, or a file.
        #[arg(long, value_name = "NAME-OR-FILE", conflicts_with = "reset")]
        set: Option<String>,
        /// Remove the profile that is set. A partner falls back to the installation's profile, the installation to
        /// the default.
        #[arg(long)]
        reset: bool,
    },
    /// Block all writes until every line has been read again.
    ///
    /// Run it after the database was restored from a backup, before the services are started.
    Restored,
    /// Check this program's assumptions about Kaseya against a real tenant, and find the line profile that fits.
    ///
    /// Without --write it only reads, with at most 12 V1 calls.
    Probe(Probe),
    /// Update the database's tables, the programs' roles in it, and the broker's topology.
    ///
    /// Must own the tables. A role that is missing is made, a changed password is set, and each role gets the rights
    /// of its program and no others. Without --role nothing is done about roles, as where all programs have one URL.
    Migrate {
        /// The role of scheduler, results, portal or operator, as the database URL in this file names it. May be
        /// repeated.
        #[arg(long = "role", value_name = "PROGRAM=FILE", value_parser = role_file)]
        roles: Vec<(DatabaseRole, PathBuf)>,
    },
    /// Manage the keys that seal passwords.
    #[command(subcommand)]
    Keys(Keys),
    /// Manage the tokens with which people and programs use the portal.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Run all services in one process, for one small MSP.
    ///
    /// Uses a private Postgres and no broker.
    Standalone,
    /// Run all services in one process with a simulated Kaseya and a ready MSP.
    ///
    /// Runs one scheduled sync and one that is requested.
    Demo {
        /// Exit when both syncs are done.
        #[arg(long)]
        once: bool,
        /// Print the result as one JSON document.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct AdviceLanguage {
    /// Language of states and advice. Default: the language of LANG, or else English.
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
    /// Kaseya's host name.
    #[arg(long)]
    pub host: String,
    /// User name in Kaseya.
    #[arg(long, value_name = "NAME")]
    pub user_name: String,
    /// File that contains only the password. The password must be right: the login is sent once to V2 and once to
    /// V1.
    #[arg(long, value_name = "FILE")]
    pub password_file: PathBuf,
    /// Company name as Kaseya's login page takes it.
    #[arg(long, value_name = "NAME")]
    pub company_name: String,
    /// V2 base address, if it is not https://api.HOST.
    #[arg(long, value_name = "URL")]
    pub v2_base: Option<String>,
    /// V1 base address, if it is not https://HOST/api.
    #[arg(long, value_name = "URL")]
    pub v1_base: Option<String>,
    /// Try this line profile first: the name of a built-in one, or a file.
    #[arg(long, value_name = "NAME-OR-FILE", conflicts_with = "partner")]
    pub line_profile: Option<String>,
    /// Try the line profile stored for this partner first.
    #[arg(long)]
    pub partner: Option<String>,
    /// Search for the lines of this contract. Choose one with a past change of units: it also tells prorations from
    /// lines. Default: the first recurring contract with a price.
    #[arg(long, value_name = "ID")]
    pub contract: Option<i32>,
    /// Save the line profile that fits to this file. The file must not exist.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Find out which write takes effect, the least harmful first. Writes other units to this line from another
    /// day, reads both and puts them back. Use a test contract only.
    #[arg(long, num_args = 2, value_names = ["CONTRACT", "LINE"], requires = "to")]
    pub write: Vec<i32>,
    /// Write these units with --write. They must differ from the line's units.
    #[arg(long, value_name = "UNITS", requires = "write")]
    pub to: Option<u32>,
    /// Write without asking first. Required where no person is at a terminal.
    #[arg(long, requires = "write")]
    pub yes: bool,
    /// Print the result as one JSON document.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SyncNow {
    /// The partner's id.
    pub partner: String,
    /// Sync only these companies.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub company: Vec<String>,
    /// Show what would change and write nothing.
    #[arg(long)]
    pub plan: bool,
    /// Wait until the sync is done and show its result.
    #[arg(long)]
    pub wait: bool,
    /// Record this name as the requester.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Decision {
    /// Send the held number.
    Approve(Decided),
    /// Leave Kaseya as it is. Also revokes an approval that is not used yet.
    Dismiss(Decided),
}

#[derive(Debug, Subcommand)]
pub(crate) enum LetterOrder {
    /// Show a dead letter with its body.
    Show {
        /// The letter's id, as the list shows it.
        id: uuid::Uuid,
    },
    /// Send a dead letter to its exchange again, once its fault is fixed.
    Send(LetterDecided),
    /// Drop a dead letter: it no longer waits for a person.
    Drop(LetterDecided),
}

#[derive(Debug, clap::Args)]
pub(crate) struct LetterDecided {
    /// The letter's id, as the list shows it.
    pub id: uuid::Uuid,
    /// Record this name with the decision.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Decided {
    /// The hold's id, as the list shows it.
    #[arg(required_unless_present = "all")]
    pub hold: Option<String>,
    /// Decide every open hold of the partner. Approving leaves out holds that have changed since they were opened.
    #[arg(long, conflicts_with = "hold")]
    pub all: bool,
    /// Decide only if the hold still has these units, shown under "to" in the list. Required to approve a hold
    /// whose number has changed since it was opened.
    #[arg(long, value_name = "UNITS", requires = "hold")]
    pub to: Option<u32>,
    /// Decide only if Kaseya still shows these units, shown under "from" in the list. Required to approve a hold
    /// for which Kaseya has shown other units since it was opened.
    #[arg(long, value_name = "UNITS", requires = "to")]
    pub from: Option<f64>,
    /// Record this name with the decision.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Correction {
    /// Month, e.g. 2026-11.
    #[arg(long)]
    pub month: String,
    /// The company's id.
    #[arg(long)]
    pub company: String,
    /// The product's id.
    #[arg(long)]
    pub product: String,
    /// Users to count for the month's last day.
    #[arg(long)]
    pub users: u32,
    /// Reason, 1 to 200 characters.
    #[arg(long)]
    pub reason: String,
    /// Record this name with the correction.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Create a key ring with one new key.
    ///
    /// Keep it outside the database. Without it no stored password can be used.
    New {
        /// The key's id.
        #[arg(long, default_value = "first")]
        id: String,
        /// Create this file, readable by its owner only. Default: the key ring is printed.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Seal every stored password with the key that writes.
    ///
    /// Afterwards the keys that only read can be removed. Nothing stops meanwhile.
    Rotate,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print it.
    ///
    /// It cannot be shown again: only its hash is stored.
    New {
        /// The partner's id.
        partner: String,
        /// User or purpose of the token, 1 to 100 characters.
        #[arg(long)]
        name: String,
        /// Rights of the token. viewer: see. editor: map, sync and decide. admin: set the connection and create
        /// tokens. provider: report companies, products, user counts and charges.
        #[arg(long, value_name = "viewer|editor|admin|provider", value_parser = role)]
        role: Role,
        /// Days until the token expires, 1 to 365.
        #[arg(long, value_name = "DAYS", default_value_t = TOKEN_DAYS)]
        days: u16,
        #[command(flatten)]
        by: By,
    },
    /// List a partner's tokens, including revoked ones.
    List {
        /// The partner's id.
        partner: String,
        /// Print the tokens as one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token and sign out its sessions.
    Revoke {
        /// The partner's id.
        partner: String,
        /// The token's id, as the list shows it.
        id: String,
        #[command(flatten)]
        by: By,
    },
}

/// The acting person, as recorded.
#[derive(Debug, clap::Args)]
pub(crate) struct By {
    /// Record this name with the action.
    #[arg(long, value_name = "NAME", env = "USER", default_value = OPERATOR, value_parser = person)]
    pub by: String,
}

fn role(text: &str) -> Result<Role, &'static str> {
    Role::parse(text).ok_or("it is none of viewer, editor, admin, provider")
}

fn role_file(text: &str) -> Result<(DatabaseRole, PathBuf), &'static str> {
    let (program, file) = text.split_once('=').ok_or("it has no =")?;
    let role =
        DatabaseRole::parse(program).ok_or("the program is none of scheduler, results, portal, operator")?;
    Ok((role, PathBuf::from(file)))
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
