//! Finds the machine's Postgres programs.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::LocalPostgresError;

/// Debian and its derivatives install one directory per version here.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The programs of one installed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
}

impl Programs {
    /// The newest version under `/usr/lib/postgresql`, otherwise the one in PATH. If `version` is set, only that
    /// version.
    pub(crate) fn find(version: Option<&str>) -> Result<Self, LocalPostgresError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::find_in(Path::new(VERSIONS), std::env::split_paths(&path), version)
            .ok_or_else(|| LocalPostgresError::NotInstalled { version: version.map(str::to_owned) })
    }

    fn find_in(versions: &Path, path: impl Iterator<Item = PathBuf>, version: Option<&str>) -> Option<Self> {
        let mut installed: Vec<(u32, PathBuf)> = fs::read_dir(versions)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let major = entry.file_name().to_str()?.parse().ok()?;
                Some((major, entry.path().join("bin")))
            })
            .collect();
        installed.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
        installed
            .into_iter()
            .filter(|(major, _)| version.is_none_or(|wanted| wanted == major.to_string()))
            .find_map(|(_, directory)| Self::in_directory(&directory))
            .or_else(|| {
                path.filter_map(|directory| Self::in_directory(&directory))
                    .find(|programs| version.is_none_or(|wanted| programs.major().as_deref() == Some(wanted)))
            })
    }

    /// Both programs, next to each other and executable.
    fn in_directory(directory: &Path) -> Option<Self> {
        let program = |name| {
            // Resolve links: a link in PATH may stand alone, while the program's own directory holds its siblings.
            let path = directory.join(name).canonicalize().ok()?;
            let metadata = path.metadata().ok()?;
            (metadata.is_file() && metadata.permissions().mode() & 0o111 != 0).then_some(path)
        };
        Some(Self { initdb: program("initdb")?, postgres: program("postgres")? })
    }

    /// The major version, from `postgres --version`.
    fn major(&self) -> Option<String> {
        let output = Command::new(&self.postgres).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)"
        let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        number.split('.').next().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(root: &Path, directory: &str, version: &str) -> PathBuf {
        let bin = root.join(directory);
        fs::create_dir_all(&bin).expect("a directory");
        for name in ["initdb", "postgres"] {
            let program = bin.join(name);
            fs::write(&program, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n"))
                .expect("a program");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
        }
        bin
    }

    fn found(root: &Path, path: &[PathBuf], version: Option<&str>) -> Option<PathBuf> {
        Programs::find_in(&root.join("versions"), path.iter().cloned(), version)
            .map(|programs| programs.postgres)
    }

    #[test]
    fn the_newest_installed_version_wins_by_number() {
        let root = tempfile::tempdir().expect("a directory");
        install(root.path(), "versions/9/bin", "9.6.24");
        let newest = install(root.path(), "versions/17/bin", "17.2");
        install(root.path(), "versions/15/bin", "15.20");
        assert_eq!(found(root.path(), &[], None), Some(newest.join("postgres")));
    }

    #[test]
    fn a_data_directory_gets_the_version_that_made_it() {
        let root = tempfile::tempdir().expect("a directory");
        install(root.path(), "versions/17/bin", "17.2");
        let older = install(root.path(), "versions/15/bin", "15.20");
        assert_eq!(found(root.path(), &[], Some("15")), Some(older.join("postgres")));
        assert_eq!(found(root.path(), &[], Some("14")), None);
    }

    #[test]
    fn path_is_searched_when_no_version_directory_has_both_programs() {
        let root = tempfile::tempdir().expect("a directory");
        let broken = install(root.path(), "versions/17/bin", "17.2");
        fs::remove_file(broken.join("initdb")).expect("removed");
        let in_path = install(root.path(), "opt/bin", "16.4");
        let path = [root.path().join("nowhere"), in_path.clone()];
        assert_eq!(found(root.path(), &path, None), Some(in_path.join("postgres")));
        assert_eq!(found(root.path(), &path, Some("16")), Some(in_path.join("postgres")));
        assert_eq!(found(root.path(), &path, Some("17")), None);
    }

    #[test]
    fn a_missing_postgres_is_named_with_its_fix() {
        let text = LocalPostgresError::NotInstalled { version: Some("15".to_owned()) }.to_string();
        assert!(text.contains("of version 15") && text.contains("apt-get install postgresql-15"), "{text}");
    }
}
