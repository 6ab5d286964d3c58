//! The password file that a settings file names.

use std::path::Path;

use runtime::SecretFile;
use secrecy::SecretString;

/// Reads the `password_file` of a settings file; a relative path starts at the settings file.
pub(crate) fn password_file(settings: &Path) -> impl Fn(&str) -> Result<SecretString, String> {
    let directory = settings.parent().unwrap_or(Path::new(".")).to_owned();
    move |file| SecretFile::at(directory.join(file)).read().map_err(|error| error.to_string())
}
