//! Configuration: which layer wins, and which error a person sees after a mistake.

use std::path::Path;
use std::time::Duration;

use figment::Jail;
use runtime::{Config, SecretFile};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

const DEFAULTS: &str = r#"
[worker]
# How many jobs at once.
jobs = 4
# How long one call may take.
call_timeout = "15s"
# Where the key ring is.
# keys_file = "/run/secrets/keys"
"#;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Worker {
    jobs: u16,
    #[serde(with = "runtime::duration")]
    call_timeout: Duration,
    keys_file: SecretFile,
}

/// The section's value, or the text of the error.
fn read(file: Option<&str>) -> Result<Worker, String> {
    let config = Config::load(DEFAULTS, file.map(Path::new)).map_err(|error| error.to_string())?;
    config.section("worker").map_err(|error| error.to_string())
}

#[expect(clippy::result_large_err, reason = "the jail's own error type")]
fn jailed(test: impl FnOnce(&mut Jail)) {
    Jail::expect_with(|jail| {
        test(jail);
        Ok(())
    });
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    jailed(|jail| {
        jail.create_file("sync.toml", "[worker]\njobs = 7\ncall_timeout = \"2s\"\nkeys_file = \"k\"\n")
            .unwrap();
        jail.set_env("KASEYA_SYNC_WORKER__CALL_TIMEOUT", "1m 5s");
        let expected =
            Worker { jobs: 7, call_timeout: Duration::from_secs(65), keys_file: SecretFile::at("k") };
        assert_eq!(read(Some("sync.toml")), Ok(expected));
        jail.set_env("KASEYA_SYNC_WORKER__JOBS", "9");
        assert_eq!(read(Some("sync.toml")).map(|worker| worker.jobs), Ok(9));
    });
}

#[test]
fn case_d10_an_empty_variable_is_one_that_is_not_set() {
    jailed(|jail| {
        jail.create_file("sync.toml", "[worker]\njobs = 7\ncall_timeout = \"2s\"\nkeys_file = \"k\"\n")
            .unwrap();
        for name in ["KASEYA_SYNC_WORKER__JOBS", "KASEYA_SYNC_WORKER__KEYS_FILE", "KASEYA_SYNC_UNKNOWN__KEY"]
        {
            jail.set_env(name, "");
        }
        let worker = read(Some("sync.toml")).expect("as without them");
        assert_eq!((worker.jobs, worker.keys_file), (7, SecretFile::at("k")));
    });
}

#[test]
fn a_missing_key_is_named_with_its_variable() {
    jailed(|_| {
        assert_eq!(
            read(None),
            Err("configuration key `worker.keys_file` is missing: it has no default; set it in the configuration \
                 file or by KASEYA_SYNC_WORKER__KEYS_FILE"
                .to_owned())
        );
    });
}

#[test]
fn a_wrong_value_in_a_file_is_named_with_the_file_and_what_to_give() {
    jailed(|jail| {
        jail.create_file("sync.toml", "[worker]\njobs = \"many\"\nkeys_file = \"k\"\n").unwrap();
        let error = read(Some("sync.toml")).unwrap_err();
        assert!(error.starts_with("configuration key `worker.jobs` in file `"), "{error}");
        assert!(error.ends_with("sync.toml`: found string \"many\"; give u16"), "{error}");
    });
}

#[test]
fn a_wrong_value_in_the_environment_is_named_with_its_variable() {
    jailed(|jail| {
        jail.set_env("KASEYA_SYNC_WORKER__KEYS_FILE", "k");
        jail.set_env("KASEYA_SYNC_WORKER__CALL_TIMEOUT", "soon");
        let error = read(None).unwrap_err();
        let start = "configuration key `worker.call_timeout` in environment variable \
                     KASEYA_SYNC_WORKER__CALL_TIMEOUT: ";
        assert!(error.starts_with(start), "{error}");
    });
}

#[test]
fn a_misspelt_key_is_named_with_its_source_and_the_known_keys() {
    jailed(|jail| {
        jail.set_env("KASEYA_SYNC_WORKER__KEYS_FILE", "k");
        jail.set_env("KASEYA_SYNC_WORKER__JOBZ", "3");
        assert_eq!(
            read(None),
            Err("configuration key `worker.jobz` in environment variable KASEYA_SYNC_WORKER__JOBZ: unknown key \
                 `jobz`; remove it or use one of: jobs, call_timeout, keys_file"
                .to_owned())
        );
    });
}

#[test]
fn a_misspelt_section_is_refused_by_name() {
    jailed(|jail| {
        jail.create_file("sync.toml", "[wroker]\njobs = 7\n").unwrap();
        let error = read(Some("sync.toml")).unwrap_err();
        assert!(error.starts_with("configuration key `wroker` in file `"), "{error}");
        assert!(
            error.ends_with("remove it or use one of: health, log, shutdown, telemetry, worker"),
            "{error}"
        );
    });
}

#[test]
fn case_d6_variables_that_kubernetes_adds_for_a_service_are_no_settings() {
    jailed(|jail| {
        jail.set_env("KASEYA_SYNC_WORKER__KEYS_FILE", "k");
        // From Services called kaseya-sync-portal and kaseya-sync--worker, as a kubelet writes them.
        for (name, value) in [
            ("PORTAL_SERVICE_HOST", "10.96.0.7"),
            ("PORTAL_SERVICE_PORT", "8080"),
            ("PORTAL_SERVICE_PORT_HTTP", "8080"),
            ("PORTAL_PORT", "tcp://10.96.0.7:8080"),
            ("PORTAL_PORT_8080_TCP", "tcp://10.96.0.7:8080"),
            ("PORTAL_PORT_8080_TCP_PROTO", "tcp"),
            ("PORTAL_PORT_8080_TCP_PORT", "8080"),
            ("PORTAL_PORT_8080_TCP_ADDR", "fd00::7"),
            ("_WORKER_SERVICE_HOST", "fd00::8"),
            ("WORKER__PORT", "udp://[fd00::8]:53"),
        ] {
            jail.set_env(format!("KASEYA_SYNC_{name}"), value);
        }
        assert_eq!(read(None).map(|worker| worker.jobs), Ok(4));
    });
}

#[test]
fn case_d6_what_is_only_like_such_a_variable_is_refused_by_name() {
    for (name, value) in [
        ("PORTAL_PORT", "8080"),
        ("PORTAL_SERVICE_HOST", "portal"),
        ("PORTAL_PORT_8080_TCP_NAME", "portal"),
        ("PORTAL_PORT_X_TCP", "tcp://10.96.0.7:8080"),
        ("LOG_FILTER", "debug"),
    ] {
        jailed(|jail| {
            jail.set_env(format!("KASEYA_SYNC_{name}"), value);
            let error = read(None).unwrap_err();
            let start = format!("configuration key `{}` in environment", name.to_lowercase());
            assert!(error.starts_with(&start), "{error}");
        });
    }
}

#[test]
fn a_file_that_is_not_there_or_is_not_toml_is_an_error() {
    jailed(|jail| {
        let error = read(Some("absent.toml")).unwrap_err();
        assert!(error.contains("`absent.toml` cannot be read"), "{error}");
        jail.create_file("broken.toml", "[worker\njobs = 7\n").unwrap();
        let error = read(Some("broken.toml")).unwrap_err();
        assert!(error.contains("broken.toml"), "{error}");
    });
}

#[test]
fn a_secret_is_its_file_without_the_line_end_and_never_printed() {
    jailed(|jail| {
        jail.create_file("secret", "0042 käse\r\n").unwrap();
        let secret = SecretFile::at("secret").read().unwrap();
        assert_eq!(secret.expose_secret(), "0042 käse");
        assert!(!format!("{secret:?}").contains("käse"));
        jail.create_file("empty", "\n").unwrap();
        assert!(SecretFile::at("empty").read().unwrap_err().to_string().contains("it is empty"));
        jail.create_file("long", &"x".repeat(70_000)).unwrap();
        assert!(SecretFile::at("long").read().unwrap_err().to_string().contains("longer than"));
        assert!(SecretFile::at("absent").read().unwrap_err().to_string().contains("`absent`"));
    });
}

#[test]
fn case_f14_a_switch_for_development_is_refused_where_others_reach_the_program() {
    const KEYS: &str = "[kaseya]\nallow = false\n[portal]\naddress = \"127.0.0.1:8080\"\n# proxies = 1\n";
    let taken = |file: Option<&str>| {
        let config = Config::load(KEYS, file.map(Path::new)).map_err(|error| error.to_string())?;
        let taken = config.take_development_switch("kaseya.allow", &["portal.address", "portal.proxies"]);
        taken.map_err(|error| error.to_string())
    };
    jailed(|jail| {
        jail.create_file("dev.toml", "[portal]\nproxies = 0\n\n[kaseya]\nallow = true\n").unwrap();
        assert_eq!(taken(Some("dev.toml")), Ok(()), "it listens nowhere else");
        jail.set_env("KASEYA_SYNC_HEALTH__LISTEN", "[::1]:9090");
        assert_eq!(taken(Some("dev.toml")), Ok(()));
        jail.set_env("KASEYA_SYNC_HEALTH__LISTEN", "0.0.0.0:9090");
        let refused = taken(Some("dev.toml")).expect_err("others reach it");
        for said in
            ["`kaseya.allow` in file", "dev.toml`, line 5:", "KASEYA_SYNC_HEALTH__LISTEN", "127.0.0.1"]
        {
            assert!(refused.contains(said), "{said}: {refused}");
        }
        jail.set_env("KASEYA_SYNC_HEALTH__LISTEN", "127.0.0.1:9090");
        jail.create_file("proxy.toml", "[portal]\nproxies = 1\n").unwrap();
        jail.set_env("KASEYA_SYNC_KASEYA__ALLOW", "true");
        let refused = taken(Some("proxy.toml")).expect_err("a proxy passes others on");
        assert!(
            refused.contains("KASEYA_SYNC_KASEYA__ALLOW") && refused.contains("`portal.proxies`"),
            "{refused}"
        );
        jail.create_file("open.toml", "[portal]\naddress = \"[::]:8080\"\n").unwrap();
        assert!(taken(Some("open.toml")).is_err_and(|refused| refused.contains("`portal.address` in file")));
    });
}
