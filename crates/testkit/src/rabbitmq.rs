//! A private RabbitMQ from the machine's own programs, with everything that a fault test needs to disturb it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// Timeout of every broker operation on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the broker with a port mapper of its own, and ends both when our end of the pipe closes. The kernel closes
/// it however our process ends. Arguments: the directory, the broker's program.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
exec 3<&0 </dev/null
epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" 3<&- &
epmd=$!
"$2" 3<&- &
server=$!
read -r _ <&3
kill -KILL "$server" "$epmd"
# It writes its number early, but we may end earlier still; then the last line ends it.
broker=$(cat "$1/pid") && kill -KILL "$broker"
wait
rm -rf -- "$1"
kill -KILL 0
"#;

/// A private RabbitMQ on loopback. It ends with the test process, even if that is killed.
pub struct RabbitMq {
    directory: PathBuf,
    amqp: u16,
    api: u16,
    distribution: u16,
    mapper: u16,
    encrypted: Option<u16>,
    watchdog: Mutex<Option<Child>>,
    vhosts: AtomicU32,
}

impl RabbitMq {
    /// The broker shared by all tests of this process. Tests that stop or starve a broker start their own.
    pub async fn shared() -> anyhow::Result<&'static Self> {
        static SHARED: OnceCell<RabbitMq> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// Starts a broker and waits until it responds.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(None).await
    }

    /// Starts a broker that also offers TLS, with this certificate and its key as PEM.
    pub async fn start_encrypted(certificate: &str, key: &str) -> anyhow::Result<Self> {
        Self::start_with(Some((certificate, key))).await
    }

    async fn start_with(certificate: Option<(&str, &str)>) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("rabbitmq-").tempdir()?.keep();
        let [amqp, api, distribution, mapper] = free_ports()?;
        let mut settings = format!(
            "listeners.tcp.1 = 127.0.0.1:{amqp}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {api}\n\
             log.console = false\nlog.file.level = warning\n"
        );
        let mut encrypted = None;
        if let Some((certificate, key)) = certificate {
            let [port] = free_ports()?;
            let [certificate_file, key_file] =
                ["certificate.pem", "key.pem"].map(|name| directory.join(name));
            fs::write(&certificate_file, certificate)?;
            fs::write(&key_file, key)?;
            settings += &format!(
                "listeners.ssl.1 = 127.0.0.1:{port}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n",
                certificate_file.display(),
                key_file.display()
            );
            encrypted = Some(port);
        }
        fs::write(directory.join("rabbitmq.conf"), settings)?;
        fs::write(directory.join("plugins"), "[rabbitmq_management].\n")?;
        fs::write(directory.join("env.conf"), "")?;
        let broker = Self {
            directory,
            amqp,
            api,
            distribution,
            mapper,
            encrypted,
            watchdog: Mutex::default(),
            vhosts: AtomicU32::new(0),
        };
        broker.start_again().await?;
        Ok(broker)
    }

    /// Starts the broker again from its files on disk, after [`Self::kill`].
    pub async fn start_again(&self) -> anyhow::Result<()> {
        let mut shell = self.environment("/bin/sh");
        let child = shell
            .args(["-c", WATCHDOG, "sh"])
            .arg(&self.directory)
            .arg(program("rabbitmq-server"))
            .stdin(Stdio::piped())
            .stdout(fs::File::create(self.directory.join("out"))?)
            .stderr(fs::File::create(self.directory.join("err"))?)
            .process_group(0)
            .spawn()
            .context("run /bin/sh")?;
        *self.watchdog() = Some(child);
        // One port opens some time after the other.
        let answers = || {
            matches!(self.call("GET", "/api/health/checks/local-alarms", None), Ok((200, _)))
                && TcpStream::connect(("127.0.0.1", self.amqp)).is_ok()
        };
        if wait_until(answers).await.is_err() {
            let said =
                ["out", "err"].map(|file| fs::read_to_string(self.directory.join(file)).unwrap_or_default());
            bail!("RabbitMQ did not start; it said: {}", said.join("\n"));
        }
        Ok(())
    }

    /// The directory of its files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The URI of `vhost`, with administrator permissions.
    pub fn uri(&self, vhost: &str) -> String {
        self.uri_as("guest", "guest", vhost)
    }

    /// The URI of `vhost` for this user.
    pub fn uri_as(&self, user: &str, password: &str, vhost: &str) -> String {
        format!("amqp://{user}:{password}@127.0.0.1:{}/{vhost}", self.amqp)
    }

    /// The URI of `vhost` over TLS; `None` if the broker does not offer TLS.
    pub fn encrypted_uri(&self, vhost: &str) -> Option<String> {
        self.encrypted.map(|port| format!("amqps://guest:guest@localhost:{port}/{vhost}"))
    }

    /// Sets a user's password, as a rotation does; creates the user if missing.
    pub fn set_password(&self, user: &str, password: &str) -> anyhow::Result<()> {
        let with_password = json!({"password": password, "tags": "administrator"});
        self.api("PUT", &format!("/api/users/{user}"), Some(&with_password)).map(drop)
    }

    /// A new vhost with everything that the definitions file sets up in production: queues, exchanges, bindings,
    /// policies.
    pub async fn vhost(&self, definitions: &str) -> anyhow::Result<String> {
        let vhost = self.empty_vhost()?;
        let all: Value = serde_json::from_str(definitions)?;
        let mut own = serde_json::Map::new();
        for part in ["exchanges", "queues", "bindings", "policies"] {
            let mut objects = all[part].clone();
            for object in objects.as_array_mut().context("a list")? {
                object.as_object_mut().context("an object")?.remove("vhost");
            }
            own.insert(part.to_owned(), objects);
        }
        self.api("POST", &format!("/api/definitions/{vhost}"), Some(&own.into()))?;
        self.wait_for_leaders(&vhost).await?;
        Ok(vhost)
    }

    /// A new, empty vhost.
    pub fn empty_vhost(&self) -> anyhow::Result<String> {
        let vhost = format!("v{}", self.vhosts.fetch_add(1, Ordering::Relaxed));
        self.api("PUT", &format!("/api/vhosts/{vhost}"), Some(&json!({})))?;
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        self.api("PUT", &format!("/api/permissions/{vhost}/guest"), Some(&all))?;
        Ok(vhost)
    }

    /// Waits until every queue of the vhost has a leader and is in the node's directory of queues on disk: a queue
    /// declared just before a kill would not come back.
    pub async fn wait_for_leaders(&self, vhost: &str) -> anyhow::Result<()> {
        wait_until(|| {
            let Ok(queues) = self.api("GET", &format!("/api/queues/{vhost}"), None) else { return false };
            let directory = self.read_queue_directory();
            queues.as_array().is_some_and(|queues| {
                queues.iter().filter(|queue| queue["type"] == "quorum").all(|queue| {
                    let name = format!("{vhost}_{}", queue["name"].as_str().unwrap_or_default());
                    queue["leader"].is_string()
                        && directory.windows(name.len()).any(|window| window == name.as_bytes())
                })
            })
        })
        .await
        .context("queues without a leader")
    }

    fn read_queue_directory(&self) -> Vec<u8> {
        let node = format!("db/{0}/quorum/{0}/names.dets", self.node());
        fs::read(self.directory.join(node)).unwrap_or_default()
    }

    /// Kills the broker as a power cut would, and waits until it is gone.
    pub async fn kill(&self) -> anyhow::Result<()> {
        let Some(mut watchdog) = self.watchdog().take() else { bail!("it does not run") };
        signal("-KILL", &format!("-{}", watchdog.id()))?;
        watchdog.wait()?;
        wait_until(|| TcpStream::connect(("127.0.0.1", self.amqp)).is_err()).await
    }

    /// Stops the broker without closing anything: a peer that no longer responds. Returns once each of its threads
    /// has stopped: until then one may still confirm a message.
    pub async fn stall(&self) -> anyhow::Result<()> {
        let pid = self.pid()?;
        signal("-STOP", &pid)?;
        wait_until(|| has_stopped(&pid)).await
    }

    /// Resumes a stalled broker.
    pub fn resume(&self) -> anyhow::Result<()> {
        signal("-CONT", &self.pid()?)
    }

    /// Sets the fraction of memory it may use; close to zero raises the memory alarm. Returns once the alarm is
    /// raised or cleared accordingly.
    pub async fn set_memory_watermark(&self, fraction: f64) -> anyhow::Result<()> {
        let output = self
            .environment(program("rabbitmqctl"))
            .args(["set_vm_memory_high_watermark", &fraction.to_string()])
            .output()?;
        ensure!(output.status.success(), "rabbitmqctl: {}", String::from_utf8_lossy(&output.stderr));
        let alarm = fraction < 0.001;
        wait_until(|| {
            matches!(self.call("GET", "/api/health/checks/local-alarms", None), Ok((status, _)) if (status == 503) == alarm)
        })
        .await
    }

    /// Deletes a queue, even with consumers.
    pub fn delete_queue(&self, vhost: &str, queue: &str) -> anyhow::Result<()> {
        self.api("DELETE", &format!("/api/queues/{vhost}/{queue}"), None).map(drop)
    }

    /// Closes every connection of the vhost from the broker's side, once there are at least `at_least`.
    pub async fn close_connections(&self, vhost: &str, at_least: usize) -> anyhow::Result<()> {
        let path = format!("/api/vhosts/{vhost}/connections");
        let names = || -> anyhow::Result<Vec<String>> {
            let connections = self.api("GET", &path, None)?;
            let list = connections.as_array().context("a list")?;
            Ok(list.iter().filter_map(|one| one["name"].as_str()).map(str::to_owned).collect())
        };
        wait_until(|| names().is_ok_and(|names| names.len() >= at_least)).await?;
        for name in names()? {
            let path = format!("/api/connections/{}", name.replace(' ', "%20").replace('>', "%3E"));
            // A connection that has gone meanwhile is fine.
            let _ = self.api("DELETE", &path, None);
        }
        Ok(())
    }

    /// Calls the broker's HTTP API; any status except success is an error.
    pub fn api(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (status, answer) = self.call(method, path, body)?;
        ensure!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&answer)?) }
    }

    /// Sends an HTTP/1.0 request; the response ends with the connection.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<(u16, String)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.api))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer of HTTP")?;
        let status = head.split(' ').nth(1).context("a status")?.parse()?;
        Ok((status, body.to_owned()))
    }

    fn node(&self) -> String {
        format!("testkit{}@localhost", self.amqp)
    }

    fn pid(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.directory.join("pid"))?.trim().to_owned())
    }

    fn watchdog(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.watchdog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A program that sees this broker's files and ports, and nothing of the machine's own broker.
    fn environment(&self, program: impl AsRef<Path>) -> Command {
        let at = |name: &str| self.directory.join(name);
        let mut command = Command::new(program.as_ref());
        command
            .current_dir("/")
            .env("HOME", &self.directory)
            .env("RABBITMQ_NODENAME", self.node())
            .env("RABBITMQ_CONFIG_FILE", at("rabbitmq"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("plugins"))
            .env("RABBITMQ_CONF_ENV_FILE", at("env.conf"))
            .env("RABBITMQ_MNESIA_BASE", at("db"))
            .env("RABBITMQ_LOG_BASE", at("log"))
            .env("RABBITMQ_PID_FILE", at("pid"))
            .env("RABBITMQ_DIST_PORT", self.distribution.to_string())
            .env("ERL_EPMD_PORT", self.mapper.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
            );
        command
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        match self.watchdog().take() {
            // Closes our end of its pipe; the watchdog then cleans up.
            Some(mut watchdog) => drop(watchdog.stdin.take()),
            None => drop(fs::remove_dir_all(&self.directory)),
        }
    }
}

/// A program of RabbitMQ. Debian's wrappers in PATH change the user; the real programs are elsewhere.
fn program(name: &str) -> PathBuf {
    let debian = Path::new("/usr/lib/rabbitmq/bin").join(name);
    if debian.exists() { debian } else { name.into() }
}

fn signal(which: &str, whom: &str) -> anyhow::Result<()> {
    let status = Command::new("kill").args([which, "--", whom]).status()?;
    ensure!(status.success(), "kill {which} {whom} failed");
    Ok(())
}

/// Whether all threads of a process are stopped.
fn has_stopped(pid: &str) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat"));
        // The state follows the name, which is in parentheses and may hold any sign.
        stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T')))
    })
}

/// Ports without a listener, not given to another broker of this process, below the range that the kernel uses for
/// outgoing connections.
fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let begin = 20_000 + std::process::id() % 500 * 24;
    let mut free = Vec::with_capacity(N);
    while free.len() < N {
        let port = u16::try_from(begin + GIVEN.fetch_add(1, Ordering::Relaxed))?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            free.push(port);
        }
    }
    free.try_into().map_err(|_| anyhow::anyhow!("{N} ports"))
}

/// Polls a condition until it holds.
async fn wait_until(mut condition: impl FnMut() -> bool) -> anyhow::Result<()> {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, met).await.context("the condition was not met in time")
}
