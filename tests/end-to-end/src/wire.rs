//! The broker as outsiders see it: through clients that are not ours.

use std::{
    io::Write as _,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use testkit::RabbitMq;

/// The deployed definitions.
const DEFINITIONS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/rabbitmq-definitions.json"));

/// One installation's vhost on a broker.
#[derive(Clone)]
pub struct Wire<'b> {
    broker: &'b RabbitMq,
    vhost: String,
}

impl<'b> Wire<'b> {
    /// A vhost with the deployed queues, exchanges and policies.
    pub async fn new(broker: &'b RabbitMq) -> Self {
        let vhost = broker.vhost(DEFINITIONS).await.expect("a vhost with the deployed definitions");
        Self { broker, vhost }
    }

    /// An empty vhost, for `kaseya-sync migrate`.
    pub fn empty(broker: &'b RabbitMq) -> Self {
        Self { broker, vhost: broker.empty_vhost().expect("a vhost") }
    }

    /// The URI to connect to.
    pub fn uri(&self) -> String {
        self.broker.uri(&self.vhost)
    }

    /// Publishes text as JSON with the program `amqp-publish`, which knows nothing about us.
    pub fn amqp_publish(&self, queue: &str, body: &[u8]) {
        let mut publish = self
            .amqp("amqp-publish")
            .args([
                "--exchange",
                &exchange(queue),
                "--routing-key",
                queue,
                "--content-type",
                "application/json",
            ])
            .arg("--persistent")
            .stdin(Stdio::piped())
            .spawn()
            .expect("amqp-publish, of amqp-tools, runs");
        publish.stdin.take().expect("its input").write_all(body).expect("it reads its input");
        let status = publish.wait().expect("it is our child");
        assert!(status.success(), "amqp-publish: {status}");
    }

    /// Publishes JSON, and fails if it reaches no queue.
    pub fn publish(&self, queue: &str, message: &Value) {
        self.publish_raw(
            queue,
            json!({}),
            json!({"payload": message.to_string(), "payload_encoding": "string"}),
        );
    }

    /// Publishes with these properties; `payload` has the fields `payload` and `payload_encoding`.
    pub fn publish_raw(&self, queue: &str, properties: Value, mut payload: Value) {
        payload["properties"] = properties;
        payload["routing_key"] = queue.into();
        let path = format!("/api/exchanges/{}/{}/publish", self.vhost, exchange(queue));
        let answer = self.broker.api("POST", &path, Some(&payload)).expect("the broker takes it");
        assert_eq!(answer["routed"], true, "{queue} was not reached");
    }

    /// Opens a queue of the test's own on one of the exchanges.
    pub fn listen(&self, queue: &str, exchange: &str, routing_key: &str) {
        let path = format!("/api/queues/{}/{queue}", self.vhost);
        self.broker.api("PUT", &path, Some(&json!({"durable": true}))).expect("a queue is declared");
        let path = format!("/api/bindings/{}/e/{exchange}/q/{queue}", self.vhost);
        let binding = json!({"routing_key": routing_key});
        self.broker.api("POST", &path, Some(&binding)).expect("a queue is bound");
    }

    /// Takes everything that a queue holds now: the bodies as text, or as Base64 if they are not text.
    pub fn take_all(&self, queue: &str) -> Vec<String> {
        let path = format!("/api/queues/{}/{queue}/get", self.vhost);
        let all = json!({"count": 10_000, "ackmode": "ack_requeue_false", "encoding": "auto"});
        let taken = self.broker.api("POST", &path, Some(&all)).expect("the queue answers");
        let bodies = taken.as_array().into_iter().flatten();
        bodies.map(|message| message["payload"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The names of all queues.
    pub fn queues(&self) -> Vec<String> {
        let queues = self.broker.api("GET", &format!("/api/queues/{}", self.vhost), None).expect("a list");
        let names = queues.as_array().into_iter().flatten().filter_map(|queue| queue["name"].as_str());
        names.map(str::to_owned).collect()
    }

    /// The number of messages in a queue, including delivered ones; the broker updates it every few seconds.
    pub fn messages_in(&self, queue: &str) -> u64 {
        let path = format!("/api/queues/{}/{queue}", self.vhost);
        let queue = self.broker.api("GET", &path, None).expect("the queue is there");
        queue["messages"].as_u64().unwrap_or_default()
    }

    /// Publishes a copy of every message that arrives in `queue`, until the returned process is killed.
    pub fn duplicate(&self, queue: &str) -> Child {
        let tap = format!("{queue}.copies");
        self.listen(&tap, &exchange(queue), queue);
        // Bypasses the queue's exchange, or the copies would be copied.
        self.amqp("amqp-consume")
            .args(["--queue", &tap, "--", "amqp-publish", "--url", &self.uri()])
            .args(["--routing-key", queue, "--content-type", "application/json"])
            .spawn()
            .expect("amqp-consume, of amqp-tools, runs")
    }

    fn amqp(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", program, "--url", &self.uri()]);
        command
    }
}

/// The exchange that leads to a queue, as deployed.
pub fn exchange(queue: &str) -> String {
    let all: Value = serde_json::from_str(DEFINITIONS).expect("JSON");
    let mut bindings = all["bindings"].as_array().into_iter().flatten();
    let binding = bindings.find(|binding| binding["destination"] == queue).expect("a queue of ours");
    binding["source"].as_str().expect("a name").to_owned()
}
