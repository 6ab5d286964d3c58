//! The topology as data: what both buses, `kaseya-sync migrate`, the definitions file and `asyncapi.yaml` agree on.
//!
//! Every queue has a fanout exchange of its own and is bound to nothing else. So the right to write to an exchange
//! is the right to put messages on that one queue, whatever the routing key says; nobody needs the default exchange,
//! which leads to every queue. The exchanges between the services have another name than their queues: RabbitMQ knows one right
//! for a name, and who may read the queue could otherwise bind others to the exchange, or take its own away. An answer travels by the exchange `replies` to the asker's exclusive queue
//! `replies.<uuid>`, an event by the exchange `events` to the listeners' exclusive queues `events.<uuid>`.
//!
//! Queues are declared with their type alone. Limits and dead-lettering are policies of
//! `deploy/rabbitmq-definitions.json`, because a policy can be changed and an argument cannot. The delivery limit is
//! out of reach of faults of ours: giving a message back counts, and so does a lost connection. A message that no
//! consumer can read is put aside at its first delivery. A consumer that waits for Postgres holds its message. The file's users come without
//! password and cannot log in until one is set (`rabbitmqctl change_password`). A file that the broker loads at each
//! boot must carry the hashes instead (`rabbitmqctl hash_password`, from the deployment's secrets), or the boot takes
//! the passwords away again.

/// The most bytes a consumer takes; larger messages are dead letters.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// The most bytes of a dead letter: it quotes a message's whole body, as JSON writes it.
pub const MAX_LETTER_BYTES: usize = 8 * MAX_MESSAGE_BYTES;
/// The most messages a queue keeps; beyond it a publish is refused, and the publisher's ledger keeps the message.
pub const MAX_QUEUE_LENGTH: usize = 100_000;
/// The most events that wait for one listener; what comes then is missed.
pub const MAX_UNREAD_EVENTS: u16 = 1_000;
/// The topic exchange of the events.
pub const EVENTS_EXCHANGE: &str = "events";
/// The direct exchange of the replies.
pub const REPLIES_EXCHANGE: &str = "replies";

/// A queue of the system. Each is durable, a quorum queue, and carries the message types named here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// `SyncRequested` and `HoldDecided`, from portals.
    SyncRequests,
    /// `UserCountsReported`, from the provider.
    Counts,
    /// `JobReady` of schedules and month ends.
    Jobs,
    /// `JobReady` of what a person asked for.
    JobsNow,
    /// `StartJob`, `PermitWrites` and `RenewLease`, answered.
    SchedulerCalls,
    /// `JobDone`.
    Results,
    /// What could not be worked on, with its reason.
    DeadLetters,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SyncRequests,
        Self::Counts,
        Self::Jobs,
        Self::JobsNow,
        Self::SchedulerCalls,
        Self::Results,
        Self::DeadLetters,
    ];

    /// Its name on the broker.
    pub fn name(self) -> &'static str {
        match self {
            Self::SyncRequests => "sync.requests",
            Self::Counts => "counts",
            Self::Jobs => "jobs",
            Self::JobsNow => "jobs.now",
            Self::SchedulerCalls => "scheduler.calls",
            Self::Results => "results",
            Self::DeadLetters => "dead-letters",
        }
    }

    /// The most bytes of a message on it.
    pub fn max_bytes(self) -> usize {
        if self == Self::DeadLetters { MAX_LETTER_BYTES } else { MAX_MESSAGE_BYTES }
    }

    /// The exchange that leads to it and to nothing else.
    pub fn exchange(self) -> &'static str {
        match self {
            Self::SyncRequests | Self::Counts => self.name(),
            Self::Jobs => "jobs.in",
            Self::JobsNow => "jobs.now.in",
            Self::SchedulerCalls => "scheduler.calls.in",
            Self::Results => "results.in",
            Self::DeadLetters => "dead-letters.in",
        }
    }
}

/// How an exchange chooses queues; the names of AMQP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeKind {
    /// Every bound queue.
    Fanout,
    /// By the whole routing key.
    Direct,
    /// By the words of the routing key.
    Topic,
}

/// All exchanges, durable, with their kinds.
pub fn exchanges() -> impl Iterator<Item = (&'static str, ExchangeKind)> {
    Queue::ALL
        .into_iter()
        .map(|queue| (queue.exchange(), ExchangeKind::Fanout))
        .chain([(EVENTS_EXCHANGE, ExchangeKind::Topic), (REPLIES_EXCHANGE, ExchangeKind::Direct)])
}

/// A topic of the events exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventTopic {
    /// `SyncAnswered`.
    SyncAnswered,
    /// `ReportAnswered`.
    ReportAnswered,
    /// `DecisionAnswered`.
    DecisionAnswered,
    /// `MessageDeadLettered`.
    MessageDeadLettered,
    /// `RunFinished`.
    RunFinished,
    /// `CompanyStatusChanged`.
    CompanyStatusChanged,
    /// `CredentialsRefused`.
    CredentialsRefused,
    /// `PasswordAging`.
    PasswordAging,
    /// `HoldOpened`.
    HoldOpened,
    /// `ReportRefused`.
    ReportRefused,
    /// `ReportIncomplete`.
    ReportIncomplete,
    /// `RunDeferred`.
    RunDeferred,
}

impl EventTopic {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::SyncAnswered,
        Self::ReportAnswered,
        Self::DecisionAnswered,
        Self::MessageDeadLettered,
        Self::RunFinished,
        Self::CompanyStatusChanged,
        Self::CredentialsRefused,
        Self::PasswordAging,
        Self::HoldOpened,
        Self::ReportRefused,
        Self::ReportIncomplete,
        Self::RunDeferred,
    ];

    /// Its routing key.
    pub fn routing_key(self) -> &'static str {
        match self {
            Self::SyncAnswered => "sync.answered",
            Self::ReportAnswered => "report.answered",
            Self::DecisionAnswered => "decision.answered",
            Self::MessageDeadLettered => "message.dead_lettered",
            Self::RunFinished => "run.finished",
            Self::CompanyStatusChanged => "company.status",
            Self::CredentialsRefused => "credentials.refused",
            Self::PasswordAging => "password.aging",
            Self::HoldOpened => "hold.opened",
            Self::ReportRefused => "report.refused",
            Self::ReportIncomplete => "report.incomplete",
            Self::RunDeferred => "run.deferred",
        }
    }
}
