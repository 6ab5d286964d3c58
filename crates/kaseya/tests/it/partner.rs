//! A partner with a clock that the test turns.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{Backoff, Clock, PartnerId};
use egress::{Egress, EgressSettings};
use jiff::{SignedDuration, Timestamp};
use kaseya::{Access, Allowance, AllowedHosts, Bases, Bms, BmsSettings, Host, Limits};
use secrecy::SecretString;

/// A clock that stands still until it is turned.
pub struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().expect("the test gives an instant"))))
    }

    pub fn advance(&self, step: SignedDuration) {
        *self.0.lock().expect("no test panics with the clock in its hand") += step;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no test panics with the clock in its hand")
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// A client that may reach loopback and loses no time between reads.
pub fn bms(clock: &Arc<HandClock>) -> Bms {
    let egress =
        Egress::new(EgressSettings { allow_loopback_http: true }).expect("the machine has TLS roots");
    let read_again = Backoff { first: Duration::ZERO, longest: Duration::ZERO };
    Bms::new(
        egress,
        Arc::clone(clock) as Arc<dyn Clock>,
        BmsSettings { read_again, ..BmsSettings::default() },
    )
}

/// The partner's correct credentials for a Kaseya that answers under `base`.
pub fn access(base: &str) -> Access {
    let host = Host::parse("bms.example.com").expect("a host");
    // An address inside, which is still never called.
    let allowed = AllowedHosts::and(&["10.0.0.1".to_owned()]).with_loopback_http(true);
    Access {
        partner: PartnerId::new("msp-1").expect("an id"),
        bases: Bases::new(&host, Some(base), Some(&format!("{base}/api")), &allowed).expect("bases"),
        tenant: "Example MSP".to_owned(),
        user_name: "sync@msp.example".to_owned(),
        password: SecretString::from("correct horse"),
        credentials_version: 1,
    }
}

/// More than any test needs.
pub fn limits() -> Limits {
    Limits::of(Allowance { v2: 1000, v1: 1000 })
}
