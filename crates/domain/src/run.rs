//! Runs and jobs: their kinds and states.

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$vdoc])* $variant,)*
        }

        impl $type {
            /// All values, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable text for tables and messages.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Reads the stable text.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use names;

names! {
    /// What triggered a run.
    Trigger {
        /// The partner's schedule came due.
        Schedule = "schedule",
        /// The month's last count was frozen.
        MonthEnd = "month_end",
        /// A person or a program requested it.
        Request = "request",
        /// Every line is read, whatever is known about it.
        FullRead = "full_read",
        /// A day without a login: tests whether the login still works. No contracts are read and nothing is written.
        Probe = "probe",
    }
}

names! {
    /// Whether a run writes.
    RunMode {
        /// Writes units.
        Apply = "apply",
        /// Reports what would change.
        Plan = "plan",
    }
}

names! {
    /// The state of a run.
    RunState {
        /// It has open jobs.
        Running = "running",
        /// All its jobs are done.
        Finished = "finished",
        /// A newer run has taken over its open jobs.
        Superseded = "superseded",
        /// The integration was switched off before the run ended.
        SwitchedOff = "switched_off",
    }
}

names! {
    /// Who executes a job.
    JobKind {
        /// A worker, with calls to Kaseya.
        Work = "work",
        /// The scheduler itself: work without calls.
        Local = "local",
        /// A worker that surveys all contracts before the run's other jobs are made.
        Survey = "survey",
    }
}

names! {
    /// The state of a job in the ledger.
    JobState {
        /// A ticket is due to be emitted, not before its `not_before`.
        Ready = "ready",
        /// The broker has confirmed a ticket.
        Emitted = "emitted",
        /// A worker holds it under a lease.
        Started = "started",
        /// Its `JobDone` is stored, or nothing is left to do.
        Done = "done",
    }
}

impl RunState {
    /// Whether a run in this state may come to stand in another one. What has ended stays as it ended.
    pub fn may_become(self, next: Self) -> bool {
        self == Self::Running && next != Self::Running
    }
}

impl JobState {
    /// Whether a job in this state may come to stand in another one: the next attempt is ready again, and what is done stays
    /// done.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Ready => matches!(next, Self::Emitted | Self::Started | Self::Done),
            Self::Emitted => matches!(next, Self::Ready | Self::Started | Self::Done),
            Self::Started => matches!(next, Self::Ready | Self::Done),
            Self::Done => false,
        }
    }
}

/// Attempts of one slice before it is halved; a single contract is then given up with JOB-03.
pub const MAX_ATTEMPTS: u32 = 5;
