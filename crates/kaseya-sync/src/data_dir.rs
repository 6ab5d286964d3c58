//! The state of `standalone` and `demo`: a private Postgres, the key ring, the database's address.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use domain::Entropy;
use local_postgres::{Options, Running};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use vault::KeyRing;

#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Set for a temporary directory, which is deleted with the last clone.
    _thrown_away: Option<Arc<TempDir>>,
}

impl DataDir {
    /// The directory at `path`, which need not exist yet.
    pub fn at(path: PathBuf) -> Self {
        Self { path, _thrown_away: None }
    }

    /// A new temporary directory, deleted with the last clone.
    pub fn thrown_away() -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("kaseya-sync-").tempdir()?;
        Ok(Self { path: directory.path().to_owned(), _thrown_away: Some(Arc::new(directory)) })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file with the database's address, also for the other commands.
    pub fn url_file(&self) -> PathBuf {
        self.path.join("database-url")
    }

    /// The file with the keys that seal passwords.
    pub fn key_ring_file(&self) -> PathBuf {
        self.path.join("key-ring")
    }

    /// Creates the directory if it does not exist. When root runs this, Postgres runs as another user, which needs
    /// access: it can pass through, and read nothing.
    pub fn prepare(&self) -> anyhow::Result<()> {
        let path = self.path.display();
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
        }
        match fs::DirBuilder::new().mode(0o711).create(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("{path} cannot be made"));
            }
            _ => {}
        }
        let found = fs::metadata(&self.path).with_context(|| format!("{path} cannot be looked at"))?;
        let mode = found.permissions().mode();
        if found.uid() == 0 && mode & 0o001 == 0 {
            let passable = fs::Permissions::from_mode(mode | 0o001);
            fs::set_permissions(&self.path, passable)
                .with_context(|| format!("{path} cannot be made passable"))?;
        }
        Ok(())
    }

    /// Starts the private Postgres, and stores its address.
    pub async fn start_postgres(&self) -> anyhow::Result<(Running, String)> {
        let postgres = local_postgres::start(Options::kept(self.path.join("postgres"))).await?;
        let url = postgres.url();
        let file = self.url_file();
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {
                write_secret(&file, &url).with_context(|| format!("{} cannot be written", file.display()))?
            }
        }
        Ok((postgres, url))
    }

    /// The key ring, created at the first start.
    pub fn key_ring(&self, entropy: &Entropy) -> anyhow::Result<KeyRing> {
        let file = self.key_ring_file();
        if !file.exists() {
            let ring = KeyRing::generate("first", |bytes| entropy.fill(bytes))?;
            write_secret(&file, ring.expose_secret())
                .with_context(|| format!("the key ring {} cannot be made", file.display()))?;
        }
        KeyRing::read(&file).with_context(|| format!("{} is no key ring", file.display()))
    }
}

/// Creates a file that only its owner can read. An existing file is left alone and is an error.
pub(crate) fn write_secret(file: &Path, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(content.trim_end().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}
