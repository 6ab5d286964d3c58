//! The metrics of requests, by OpenTelemetry's conventions for HTTP servers.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use domain::Clock;
use runtime::metrics::{Histogram, KeyValue, Meter};

/// Upper bounds of the histogram, in seconds: a page takes milliseconds, Authenticate up to a minute.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 60.0];

/// The instruments of a portal.
#[derive(Clone)]
pub(crate) struct RequestMetrics {
    clock: Arc<dyn Clock>,
    duration: Histogram<f64>,
}

impl RequestMetrics {
    pub fn new(meter: &Meter, clock: Arc<dyn Clock>) -> Self {
        let duration = meter
            .f64_histogram("http.server.request.duration")
            .with_unit("s")
            .with_boundaries(SECONDS.to_vec())
            .with_description("Time until the response of a request begins, by route.")
            .build();
        Self { clock, duration }
    }

    fn ended(&self, method: &Method, route: Option<&MatchedPath>, status: u16, took: Duration) {
        let mut labels = vec![
            // A method that nobody knows is one value, whatever a stranger sends.
            KeyValue::new("http.request.method", known(method)),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        labels.extend(route.map(|route| KeyValue::new("http.route", route.as_str().to_owned())));
        self.duration.record(took.as_secs_f64(), &labels);
    }
}

fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

/// Measures each request, if the portal is measured.
pub(crate) async fn measure(
    State(metrics): State<Option<RequestMetrics>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(metrics) = metrics else { return next.run(request).await };
    let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
    let since = metrics.clock.monotonic();
    let response = next.run(request).await;
    let took = metrics.clock.monotonic().saturating_sub(since);
    metrics.ended(&method, route.as_ref(), response.status().as_u16(), took);
    response
}
