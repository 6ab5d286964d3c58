//! A bus that counts its messages. Names by OpenTelemetry's conventions for messaging.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bus::{
    Bus, BusError, Consumer, EventTopic, Incoming, OnSettled, Outgoing, PublishError, Queue, RequestError,
    Settlement, SharedBus,
};
use domain::Clock;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The exchange of all events; each topic would be a destination of its own.
const EVENTS: &str = "events";
/// Upper bounds of the histograms, in seconds: a message takes milliseconds, a job up to minutes.
const SECONDS: [f64; 12] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Passes everything on to a bus, and counts it.
pub(crate) struct MeasuredBus {
    bus: SharedBus,
    clock: Arc<dyn Clock>,
    sent: Counter<u64>,
    operations: Histogram<f64>,
    consumed: Counter<u64>,
    processing: Histogram<f64>,
}

impl MeasuredBus {
    pub(crate) fn new(bus: SharedBus, clock: Arc<dyn Clock>, meter: &Meter) -> Self {
        let counter = |name, what| meter.u64_counter(name).with_description(what).build();
        let seconds = |name, what| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_boundaries(SECONDS.to_vec())
                .with_description(what)
                .build()
        };
        Self {
            bus,
            clock,
            sent: counter(
                "messaging.client.sent.messages",
                "Messages that were sent, or could not be (error.type), by queue.",
            ),
            operations: seconds(
                "messaging.client.operation.duration",
                "Time until the broker confirmed a message, or until the response to a request.",
            ),
            consumed: counter(
                "messaging.client.consumed.messages",
                "Messages that were settled, by queue and settlement.",
            ),
            processing: seconds("messaging.process.duration", "Time from taking a message to settling it."),
        }
    }

    /// Carries out an operation and counts it, with the kind of its error.
    async fn measured<T, E>(
        &self,
        operation: &'static str,
        destination: &'static str,
        work: impl Future<Output = Result<T, E>>,
        kind: impl FnOnce(&E) -> &'static str,
    ) -> Result<T, E> {
        let since = self.clock.monotonic();
        let result = work.await;
        let mut labels =
            vec![destination_of(destination), KeyValue::new("messaging.operation.name", operation)];
        labels.extend(result.as_ref().err().map(|error| KeyValue::new("error.type", kind(error))));
        self.sent.add(1, &labels);
        self.operations.record(seconds_since(&*self.clock, since), &labels);
        result
    }

    fn watched(&self, destination: &'static str, consumer: Consumer) -> Consumer {
        let clock = Arc::clone(&self.clock);
        let (consumed, processing) = (self.consumed.clone(), self.processing.clone());
        // From the start, so that the first dead letter is an increase.
        for settlement in [Settlement::Done, Settlement::Again, Settlement::DeadLetter(String::new())] {
            consumed.add(0, &settled(destination, settlement.kind()));
        }
        consumer.watched(move || -> OnSettled {
            let (clock, since) = (Arc::clone(&clock), clock.monotonic());
            let (consumed, processing) = (consumed.clone(), processing.clone());
            Box::new(move |settlement| {
                let labels = settled(destination, settlement);
                consumed.add(1, &labels);
                processing.record(seconds_since(&*clock, since), &labels);
            })
        })
    }
}

fn destination_of(destination: &'static str) -> KeyValue {
    KeyValue::new("messaging.destination.name", destination)
}

fn settled(destination: &'static str, settlement: &'static str) -> [KeyValue; 2] {
    [destination_of(destination), KeyValue::new("settlement", settlement)]
}

fn seconds_since(clock: &dyn Clock, since: Duration) -> f64 {
    clock.monotonic().saturating_sub(since).as_secs_f64()
}

#[async_trait]
impl Bus for MeasuredBus {
    async fn publish(&self, queue: Queue, message: Outgoing) -> Result<(), PublishError> {
        self.measured("send", queue.name(), self.bus.publish(queue, message), PublishError::kind).await
    }

    async fn announce(&self, topic: EventTopic, message: Outgoing) -> Result<(), PublishError> {
        self.measured("announce", EVENTS, self.bus.announce(topic, message), PublishError::kind).await
    }

    async fn request(
        &self,
        queue: Queue,
        message: Outgoing,
        timeout: Duration,
    ) -> Result<Incoming, RequestError> {
        self.measured("request", queue.name(), self.bus.request(queue, message, timeout), RequestError::kind)
            .await
    }

    async fn consume(
        &self,
        queue: Queue,
        prefetch: u16,
        stop: CancellationToken,
    ) -> Result<Consumer, BusError> {
        let consumer = self.bus.consume(queue, prefetch, stop).await?;
        Ok(self.watched(queue.name(), consumer))
    }

    async fn listen(&self, topic: EventTopic, stop: CancellationToken) -> Result<Consumer, BusError> {
        let consumer = self.bus.listen(topic, stop).await?;
        Ok(self.watched(EVENTS, consumer))
    }

    async fn reply(&self, to: &Incoming, message: Outgoing) -> Result<(), PublishError> {
        self.measured("reply", "reply", self.bus.reply(to, message), PublishError::kind).await
    }

    fn connected(&self) -> watch::Receiver<bool> {
        self.bus.connected()
    }
}
