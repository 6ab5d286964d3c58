//! The user that Postgres runs as: ourselves, or an unprivileged user if we are root, which Postgres refuses.

use std::{
    fs, io,
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _},
        process::CommandExt as _,
    },
    path::Path,
    process::Command,
};

use crate::LocalPostgresError;

/// The user who owns the files and runs the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    /// Us.
    Ourselves,
    /// Another user, because we are root.
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Chooses the owner of an existing data directory, otherwise the first of `postgres` and `nobody` that exists.
    pub(crate) fn choose(existing_data: Option<&Path>) -> Result<Self, LocalPostgresError> {
        if id(&["-u"]) != Some(0) {
            return Ok(Self::Ourselves);
        }
        if let Some(data) = existing_data {
            let metadata = fs::metadata(data)
                .map_err(LocalPostgresError::system(format!("look at {}", data.display())))?;
            return Ok(Self::Other { uid: metadata.uid(), gid: metadata.gid() });
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some(Self::Other { uid: id(&["-u", name])?, gid: id(&["-g", name])? }))
            .ok_or(LocalPostgresError::NoUnprivilegedUser)
    }

    /// A command that will run as this user.
    pub(crate) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Creates `directory` (and its parents) if missing, and restricts it to this user.
    pub(crate) fn make_private(self, directory: &Path) -> Result<(), LocalPostgresError> {
        let action = || format!("make the directory {}", directory.display());
        if let Some(parent) = directory.parent() {
            fs::create_dir_all(parent).map_err(LocalPostgresError::system(action()))?;
        }
        match fs::DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(LocalPostgresError::system(action())(error));
            }
            _ => {}
        }
        fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .map_err(LocalPostgresError::system(action()))?;
        self.own(directory)
    }

    /// Makes this user the owner of a file or directory.
    pub(crate) fn own(self, path: &Path) -> Result<(), LocalPostgresError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid } => std::os::unix::fs::chown(path, Some(uid), Some(gid))
                .map_err(LocalPostgresError::system(format!("give {} to user {uid}", path.display()))),
        }
    }

    /// Refuses a directory that this user cannot write in, e.g. one below a closed home.
    pub(crate) fn require_reach(self, directory: &Path) -> Result<(), LocalPostgresError> {
        let Self::Other { uid, .. } = self else { return Ok(()) };
        let reaches = self
            .command("/bin/sh")
            .args(["-c", "test -w \"$1\" && test -x \"$1\"", "sh"])
            .arg(directory)
            .current_dir("/")
            .status()
            .map_err(LocalPostgresError::system("run /bin/sh"))?;
        if reaches.success() {
            Ok(())
        } else {
            Err(LocalPostgresError::NotReachable { directory: directory.to_owned(), uid })
        }
    }
}

/// Asks the program `id`, which also knows users that are in no file.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_never_runs_as_root() {
        match Account::choose(None).expect("nobody exists everywhere") {
            Account::Ourselves => assert_ne!(id(&["-u"]), Some(0)),
            Account::Other { uid, .. } => assert_ne!(uid, 0),
        }
    }

    #[test]
    fn a_directory_behind_a_closed_one_is_refused_with_what_to_do() {
        let Ok(account @ Account::Other { .. }) = Account::choose(None) else {
            // Only root chooses another user: for anyone else there is nothing to refuse.
            return;
        };
        let closed = tempfile::tempdir().expect("a directory");
        fs::set_permissions(closed.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .expect("closed");
        let inside = closed.path().join("inside");
        account.make_private(&inside).expect("root can make it");
        let refusal = account.require_reach(&inside).expect_err("its parent is closed").to_string();
        assert!(refusal.contains("choose a directory"), "{refusal}");
    }
}
