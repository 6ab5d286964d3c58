//! The metrics of calls, by OpenTelemetry's conventions for HTTP clients.

use std::time::Duration;

use egress::{EgressError, Response};
use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter},
};

use crate::calls::Call;

/// Upper bounds of the histogram, in seconds: an answer takes tenths of a second, a timeout up to minutes.
const SECONDS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The instruments of a client.
#[derive(Clone)]
pub(crate) struct CallMetrics {
    duration: Histogram<f64>,
}

impl CallMetrics {
    pub fn new(meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram("http.client.request.duration")
            .with_unit("s")
            .with_boundaries(SECONDS.to_vec())
            .with_description("Time of a call to Kaseya, to its whole answer or its failure (error.type).")
            .build();
        Self { duration }
    }

    pub fn ended(&self, call: &Call, host: &str, took: Duration, result: &Result<Response, EgressError>) {
        let mut labels = vec![
            KeyValue::new("http.request.method", call.method.as_str()),
            KeyValue::new("server.address", host.to_owned()),
            KeyValue::new("url.template", call.route.clone()),
        ];
        match result {
            Ok(response) => {
                labels.push(KeyValue::new("http.response.status_code", i64::from(response.status)));
                if response.status >= 400 {
                    labels.push(KeyValue::new("error.type", response.status.to_string()));
                }
            }
            Err(error) => labels.push(KeyValue::new("error.type", error.kind())),
        }
        self.duration.record(took.as_secs_f64(), &labels);
    }
}
