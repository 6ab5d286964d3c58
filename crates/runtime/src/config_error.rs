//! What is wrong with the configuration, where it came from, and how to fix it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::{Figment, Metadata, Source};

use crate::environment::variable;

/// A configuration error, worded for the person who fixes it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file given by `--config` cannot be read.
    #[error("configuration file `{}` cannot be read: {source}; correct the path given with --config", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A key is missing, unknown, or holds the wrong kind of value.
    #[error("configuration key `{key}` {origin}: {fault}; {fix}")]
    Key {
        /// The key with its section.
        key: String,
        /// The layer that set it.
        origin: String,
        /// What is wrong.
        fault: String,
        /// What to do.
        fix: String,
    },
    /// A secret's file is unusable.
    #[error("secret file `{}`: {why}; put the secret alone into the file, readable by this program", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
}

impl ConfigError {
    pub(crate) fn unknown_section(figment: &Figment, section: String, known: BTreeSet<String>) -> Self {
        let origin = origin(figment.find_metadata(&section), &section);
        let known: Vec<String> = known.into_iter().collect();
        Self::Key {
            key: section,
            origin,
            fault: "this program has no such section".to_owned(),
            fix: format!("remove it or use one of: {}", known.join(", ")),
        }
    }

    /// A development switch is on although `reached_by` lets other machines reach the program.
    pub(crate) fn development_switch(figment: &Figment, switch: &str, reached_by: &str) -> Self {
        let metadata = figment.find_metadata(switch);
        let line = match metadata.and_then(|found| found.source.as_ref()) {
            Some(Source::File(path)) => line_of(path, switch),
            _ => None,
        };
        let line = line.map_or_else(String::new, |line| format!(", line {line}"));
        Self::Key {
            key: switch.to_owned(),
            origin: format!("{}{line}", origin(metadata, switch)),
            fault: format!(
                "it is for development on one machine, and other machines reach this program by `{reached_by}` {}",
                origin(figment.find_metadata(reached_by), reached_by)
            ),
            fix: "remove it, or for development listen on 127.0.0.1 alone, without proxies".to_owned(),
        }
    }

    pub(crate) fn in_section(figment: &Figment, section: &str, error: figment::Error) -> Self {
        let mut path: Vec<String> = error.path.clone();
        if !section.is_empty() {
            path.insert(0, section.to_owned());
        }
        // If serde names the field in the error's kind, the path may stop at the table above it.
        if let Kind::UnknownField(field, _) = &error.kind
            && path.last() != Some(field)
        {
            path.push(field.clone());
        }
        if let Kind::MissingField(field) = &error.kind
            && path.last().map(String::as_str) != Some(field.as_ref())
        {
            path.push(field.clone().into_owned());
        }
        let key = path.join(".");
        let origin = match &error.kind {
            Kind::MissingField(_) => "is missing".to_owned(),
            _ => origin(figment.find_metadata(&key).or(error.metadata.as_ref()), &key),
        };
        let (fault, fix) = match &error.kind {
            Kind::MissingField(_) => {
                let variable = variable(&key);
                ("it has no default".to_owned(), format!("set it in the configuration file or by {variable}"))
            }
            Kind::UnknownField(field, known) => {
                (format!("unknown key `{field}`"), format!("remove it or use one of: {}", known.join(", ")))
            }
            Kind::UnknownVariant(variant, known) => {
                (format!("unknown value `{variant}`"), format!("use one of: {}", known.join(", ")))
            }
            Kind::InvalidType(found, wanted) => (format!("found {found}"), format!("give {wanted}")),
            Kind::InvalidValue(found, wanted) => (format!("found {found}"), format!("give {wanted}")),
            other => (other.to_string(), "correct it".to_owned()),
        };
        Self::Key { key, origin, fault, fix }
    }
}

/// The line on which a TOML file sets a key of a section.
fn line_of(path: &Path, key: &str) -> Option<usize> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut section = String::new();
    text.lines().zip(1..).find_map(|(line, number)| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = format!("{}.", name.trim());
        }
        let name = line.split('=').next()?.trim();
        (format!("{section}{name}") == key).then_some(number)
    })
}

fn origin(metadata: Option<&Metadata>, key: &str) -> String {
    match metadata {
        Some(found) => match &found.source {
            Some(Source::File(path)) => format!("in file `{}`", path.display()),
            Some(_) => "in the compiled-in defaults".to_owned(),
            None if found.name.contains("environment") => {
                format!("in environment variable {}", variable(key))
            }
            None => "in the compiled-in defaults".to_owned(),
        },
        None => "in the configuration".to_owned(),
    }
}
