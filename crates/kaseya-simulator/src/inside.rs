//! The content of a tenant, and what happens in it by itself.

use std::{collections::BTreeMap, mem, path::PathBuf, time::Duration};

use jiff::{Timestamp, ToSpan, civil::Date};
use tokio::sync::watch;

use crate::{
    Change, ChangeError, DataError, Endpoint, State,
    call::Call,
    chance::{Choice, chance},
    faults::{Act, Prepared},
    fields::Fields,
    limits::Limits,
    sessions::Sessions,
};

/// Everything that calls read and change.
#[derive(Debug)]
pub(crate) struct Inside {
    pub state: State,
    pub sessions: Sessions,
    pub prepared: Prepared,
    pub calls: BTreeMap<Endpoint, u64>,
    /// `None` if calls are not limited.
    pub limits: Option<Limits>,
    /// The file that stores the state.
    pub file: Option<PathBuf>,
    /// Wakes those waiting for a change.
    pub changed: watch::Sender<()>,
    /// The tenant's day at the last look.
    day: Date,
    /// Writes to be applied later.
    pub late: Vec<(Timestamp, Call)>,
}

impl Inside {
    pub fn new(state: State, now: Timestamp, limits: Option<Limits>, file: Option<PathBuf>) -> Self {
        let (prepared, calls, late) = Default::default();
        Self {
            day: state.day(now),
            state,
            sessions: Sessions::new(now),
            prepared,
            calls,
            limits,
            file,
            changed: watch::Sender::new(()),
            late,
        }
    }

    /// Changes the state. If it is stored in a file, a copy is changed, and takes effect only once it is stored. A
    /// change that fails must have changed nothing.
    pub fn change<T, E: From<DataError>>(
        &mut self,
        change: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = match &self.file {
            // Copying thousands of contracts for each write would slow tests down.
            None => change(&mut self.state)?,
            Some(file) => {
                let mut next = self.state.clone();
                let done = change(&mut next)?;
                next.save(file)?;
                self.state = next;
                done
            }
        };
        self.changed.send_replace(());
        Ok(done)
    }

    /// Applies a person's action on Kaseya's pages.
    pub fn apply(&mut self, change: &Change) -> Result<(), ChangeError> {
        self.change(|state| Ok(state.apply(change)?))
    }

    /// Counts a call. Returns its number for the endpoint, its faults and holds, and how long it takes.
    pub fn arrived(&mut self, endpoint: Endpoint) -> (u64, Vec<Act>, Duration) {
        let calls = self.calls.entry(endpoint).or_default();
        *calls += 1;
        let turn = *calls;
        let behaviour = &self.state.behaviour;
        let mut acts = self.prepared.arrived(endpoint);
        acts.extend(behaviour.scripted(endpoint, turn).into_iter().map(Act::Fault));
        let mut chance = chance(behaviour.seed, endpoint, turn, Choice::Latency);
        (turn, acts, behaviour.latency.of(endpoint).draw(&mut chance))
    }

    /// Catches up with everything that has happened by itself since the last look, in order: late writes, and each
    /// midnight of the tenant. Setting the clock back repeats nothing.
    pub fn catch_up(&mut self, now: Timestamp) {
        let today = self.state.day(now);
        if self.day < today && self.state.lives_by_itself() {
            let days = self.day.series(1.day()).skip(1);
            for day in days.take_while(|day| *day <= today) {
                if let Some(midnight) = self.state.midnight(day) {
                    self.apply_late(midnight);
                    self.begin(day, midnight);
                }
            }
        }
        self.day = today;
        self.apply_late(now);
    }

    /// What the tenant does by itself at the start of a day.
    fn begin(&mut self, day: Date, at: Timestamp) {
        let kept: Result<(), DataError> = self.change(|state| {
            state.pass_night();
            state.bill(day, at);
            Ok(())
        });
        if let Err(error) = kept {
            tracing::error!(%error, %day, "what happened at the beginning of the day is not kept");
        }
    }

    /// Applies the late writes that are due.
    fn apply_late(&mut self, now: Timestamp) {
        let (mut due, waiting): (Vec<_>, Vec<_>) =
            mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = waiting;
        due.sort_by_key(|(at, _)| *at);
        for (at, call) in due {
            let outcome = self.perform(&call, &Fields::default(), at);
            tracing::debug!(endpoint = %call.endpoint, applied = outcome.is_ok(), "late write");
        }
    }
}
