//! A tenant's state as a file: JSON, read and written, or TOML, written by hand and only read.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::State;

/// Why a state could not be read or stored.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file cannot be read.
    #[error("the data file {} cannot be read: {cause}", path.display())]
    Read {
        /// The file's path.
        path: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The file cannot be written.
    #[error("the data file {} cannot be written: {cause}", path.display())]
    Write {
        /// The file's path.
        path: PathBuf,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The file does not contain a tenant's state.
    #[error("the data file {} does not hold a tenant's state: {cause}", path.display())]
    Content {
        /// The file's path.
        path: PathBuf,
        /// What is wrong, with line and column.
        cause: serde_json::Error,
    },
    /// The TOML file does not contain a tenant's state.
    #[error("the data file {} does not hold a tenant's state: {cause}", path.display())]
    Toml {
        /// The file's path.
        path: PathBuf,
        /// What is wrong, with line and column.
        cause: Box<toml::de::Error>,
    },
    /// An id appears twice.
    #[error("the data file {} has two {kind} with the id {id}", path.display())]
    TwoOfOneId {
        /// The file's path.
        path: PathBuf,
        /// The kind of object.
        kind: &'static str,
        /// The id.
        id: i32,
    },
}

/// Whether a file is TOML. Such a file is never written, because its comments would be lost.
pub fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

impl State {
    /// Reads a state: TOML if the name ends in `.toml`, otherwise JSON, written by hand or by [`State::save`].
    ///
    /// # Errors
    /// The file is missing, is not the JSON or TOML of a state, or contains an id twice.
    pub fn load(path: &Path) -> Result<Self, DataError> {
        let text = fs::read_to_string(path).map_err(|cause| DataError::Read { path: path.into(), cause })?;
        let state: Self = if is_toml(path) {
            let toml = |cause| DataError::Toml { path: path.into(), cause: Box::new(cause) };
            toml::from_str(&text).map_err(toml)?
        } else {
            serde_json::from_str(&text).map_err(|cause| DataError::Content { path: path.into(), cause })?
        };
        match state.id_that_stands_twice() {
            Some((kind, id)) => Err(DataError::TwoOfOneId { path: path.into(), kind, id }),
            None => Ok(state),
        }
    }

    /// Writes the state as JSON next to the file and then renames it into place: a reader sees either the old or
    /// the new file in full.
    ///
    /// # Errors
    /// The folder is not writable.
    pub fn save(&self, path: &Path) -> Result<(), DataError> {
        self.write_and_rename(path).map_err(|cause| DataError::Write { path: path.into(), cause })
    }

    fn write_and_rename(&self, path: &Path) -> io::Result<()> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    }

    pub(crate) fn id_that_stands_twice(&self) -> Option<(&'static str, i32)> {
        fn twice(ids: impl Iterator<Item = i32>) -> Option<i32> {
            let mut seen = HashSet::new();
            ids.into_iter().find(|id| !seen.insert(*id))
        }
        let lines = self.contracts.iter().flat_map(|contract| &contract.lines);
        twice(self.accounts.iter().map(|account| account.id))
            .map(|id| ("accounts", id))
            .or_else(|| twice(self.services.iter().map(|service| service.id)).map(|id| ("services", id)))
            .or_else(|| twice(self.contracts.iter().map(|contract| contract.id)).map(|id| ("contracts", id)))
            .or_else(|| twice(lines.map(|line| line.id)).map(|id| ("lines", id)))
    }
}
