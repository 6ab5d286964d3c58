//! The call budget of one Kaseya: each host and tenant counts the calls of all its clients, and we take a share.

/// Calls per version of Kaseya's API: each version has its own limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// V2 calls.
    pub v2: u32,
    /// V1 calls.
    pub v1: u32,
}

impl Calls {
    /// Caps both numbers at `most`.
    pub fn at_most(self, most: Self) -> Self {
        self.map(most, u32::min)
    }

    fn map(self, other: Self, rule: impl Fn(u32, u32) -> u32) -> Self {
        Self { v2: rule(self.v2, other.v2), v1: rule(self.v1, other.v1) }
    }

    fn percent(self, percent: u32) -> Self {
        let share =
            |calls: u32| u32::try_from(u64::from(calls) * u64::from(percent.min(100)) / 100).unwrap_or(calls);
        Self { v2: share(self.v2), v1: share(self.v1) }
    }
}

/// Our share of the calls, and how it is allotted to jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Kaseya's limit per hour. Default 1500 V2 and 500 V1.
    pub limit: Calls,
    /// Our share of the limit, in percent; others use the rest. Default 50.
    pub our_percent: u32,
    /// Percent of our share reserved for jobs that a person requested. Default 20.
    pub people_percent: u32,
    /// Percent of our share that one partner's look-ups may use. Default 40.
    pub look_up_percent: u32,
    /// The maximum for one look-up or one press of Authenticate. Default 100 V2 and 30 V1.
    pub look_up_most: Calls,
    /// The maximum for one attempt. Default 100 V2 and 150 V1.
    pub most: Calls,
    /// An attempt with fewer calls is of no use: both logins, the look-up, and one line read, written and checked.
    /// Default 4 each.
    pub least: Calls,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            limit: Calls { v2: 1500, v1: 500 },
            our_percent: 50,
            people_percent: 20,
            look_up_percent: 40,
            look_up_most: Calls { v2: 100, v1: 30 },
            most: Calls { v2: 100, v1: 150 },
            least: Calls { v2: 4, v1: 4 },
        }
    }
}

impl Budget {
    /// Our share of the hour, for each API version.
    pub fn ours(&self) -> Calls {
        self.limit.percent(self.our_percent)
    }

    /// The calls that a job starting now may make, to be debited at once; `None` if the hour's share is used up.
    ///
    /// `used` is the debit of the last hour's attempts and look-ups, less what they returned; `for_people` says
    /// whether a person waits for this job.
    pub fn allowance(&self, used: Calls, for_people: bool) -> Option<Calls> {
        let ours = self.ours();
        let kept = if for_people { Calls::default() } else { ours.percent(self.people_percent) };
        let free = ours.map(kept, u32::saturating_sub).map(used, u32::saturating_sub);
        self.enough(free).map(|free| free.at_most(self.most))
    }

    /// The calls that a person's look-up may make, to be debited at once; `None` if the hour's share, or the part
    /// that one partner's look-ups may use, is used up. `looked_up` is what this partner's look-ups have used in the
    /// hour.
    pub fn look_up_allowance(&self, used: Calls, looked_up: Calls) -> Option<Calls> {
        let share = self.ours().percent(self.look_up_percent).map(looked_up, u32::saturating_sub);
        let free = self.allowance(used, true)?.at_most(share);
        self.enough(free).map(|free| free.at_most(self.look_up_most))
    }

    fn enough(&self, free: Calls) -> Option<Calls> {
        (free.v2 >= self.least.v2 && free.v1 >= self.least.v1).then_some(free)
    }
}
