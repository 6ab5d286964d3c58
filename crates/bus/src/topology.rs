//! The topology as data, shared by both buses, `kaseya-sync migrate`, the definitions file and `asyncapi.yaml`.
//!
//! Every queue has a fanout exchange of its own and no other binding. The permission to write to an exchange is
//! therefore the permission to put messages on that one queue, whatever the routing key; no program needs the default
//! exchange, which leads to every queue. The exchanges between the services have other names than their queues:
//! RabbitMQ has one permission per name, and a user with read permission on the queue could otherwise bind others to
//! the exchange, or take its own away. A response travels through the exchange `replies` to the caller's exclusive
//! queue `replies.<uuid>`, an event through the exchange `events` to the listeners' exclusive queues `events.<uuid>`.
//!
//! Queues are declared with their type alone. Limits and dead-lettering are policies of
//! `deploy/rabbitmq-definitions.json`, because a policy can be changed and an argument cannot. The delivery limit is
//! out of reach of our own faults: returning a message counts, and so does a lost connection. A message that no
//! consumer can decode is set aside at its first delivery. A consumer that waits for Postgres holds its message. The
//! file's users have no password and cannot log in until one is set (`rabbitmqctl change_password`). A file that the
//! broker loads at each boot must contain the hashes instead (`rabbitmqctl hash_password`, from the deployment's
//! secrets), or the boot removes the passwords again.

/// The maximum size of a message that a consumer accepts, in bytes; larger messages become dead letters.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// The maximum size of a dead letter, in bytes: it quotes a message's whole body, as JSON writes it.
pub const MAX_LETTER_BYTES: usize = 8 * MAX_MESSAGE_BYTES;
/// The maximum number of messages in a queue; beyond it a publish is refused, and the publisher's ledger keeps the
/// message.
pub const MAX_QUEUE_LENGTH: usize = 100_000;
/// The maximum number of events that wait for one listener; later events are missed.
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
    /// `JobReady` of jobs that a person requested.
    JobsNow,
    /// `StartJob`, `PermitWrites` and `RenewLease`, each with a response.
    SchedulerCalls,
    /// `JobDone`.
    Results,
    /// Messages that could not be processed, each with its reason.
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

    /// The queue's name on the broker.
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

    /// The maximum size of a message on the queue, in bytes.
    pub fn max_bytes(self) -> usize {
        if self == Self::DeadLetters { MAX_LETTER_BYTES } else { MAX_MESSAGE_BYTES }
    }

    /// The exchange that leads to this queue and to no other.
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

/// How an exchange chooses queues, with AMQP's names.
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

    /// The topic's routing key.
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
