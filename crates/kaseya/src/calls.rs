//! Calls to Kaseya, and their count.

use std::collections::BTreeMap;

use egress::Method;

use crate::{Allowance, BmsError, answer::Envelope};

/// Kaseya's two APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    V2,
    V1,
}

/// A call, without its body and token.
#[derive(Debug)]
pub(crate) struct Call {
    pub api: Api,
    pub method: Method,
    /// The route, with its parameters in braces.
    pub route: String,
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub envelope: Envelope,
}

impl Call {
    /// A V2 call with a route without parameters.
    pub fn v2(method: Method, route: &str, query: Vec<(&'static str, String)>) -> Self {
        let (route, path) = (route.to_owned(), route.to_owned());
        Self { api: Api::V2, method, route, path, query, envelope: Envelope::V2 }
    }
}

/// Counts calls per endpoint and enforces the allowance.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    calls: BTreeMap<String, u32>,
    v2: u32,
    v1: u32,
}

impl Counts {
    /// Counts a call before it is made, so that a call with a cancelled wait counts as well.
    pub fn begin(&mut self, api: Api, endpoint: &str, allowance: Allowance) -> Result<(), BmsError> {
        let (used, most) = match api {
            Api::V2 => (&mut self.v2, allowance.v2),
            Api::V1 => (&mut self.v1, allowance.v1),
        };
        if *used >= most {
            return Err(BmsError::AllowanceSpent { endpoint: endpoint.to_owned() });
        }
        *used += 1;
        *self.calls.entry(endpoint.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Number of V1 calls made.
    pub fn v1_made(&self) -> u32 {
        self.v1
    }

    /// Number of V1 calls left.
    pub fn v1_left(&self, allowance: Allowance) -> u32 {
        allowance.v1.saturating_sub(self.v1)
    }

    /// Reverts the count of a call that certainly never arrived.
    pub fn take_back(&mut self, api: Api, endpoint: &str) {
        let used = match api {
            Api::V2 => &mut self.v2,
            Api::V1 => &mut self.v1,
        };
        *used = used.saturating_sub(1);
        if let Some(calls) = self.calls.get_mut(endpoint) {
            *calls = calls.saturating_sub(1);
        }
        self.calls.retain(|_, calls| *calls > 0);
    }

    pub fn per_endpoint(&self) -> BTreeMap<String, u32> {
        self.calls.clone()
    }
}
