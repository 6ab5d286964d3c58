//! Work in progress is finished, and nothing more is started: slice over, soft stop, delivery lost, lease lost.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bus::{
    Bus, BusError, Consumer, Delivery, EventTopic, InProcess, Incoming, Outgoing, PublishError, Queue,
    RequestError, Settle, Settlement,
};
use kaseya_simulator::{Endpoint, HoldAt};
use messages::v1;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    job::{came_out, left, simple},
    world::{SETTINGS, World, grant_all, state},
};

fn three() -> Vec<v1::ContractWork> {
    vec![simple(5001, "acme", 14), simple(5002, "beta", 14), simple(5003, "gamma", 14)]
}

#[tokio::test]
async fn what_the_slice_does_not_reach_is_handed_back() {
    let mut world = World::new(state()).await;
    let clock = world.clock.clone();
    world.on_permit(move |asked| {
        clock.advance(Duration::from_secs(31));
        let v1::permit_answer::Answer::Permit(permit) = grant_all(asked) else { unreachable!("it grants") };
        v1::permit_answer::Answer::Permit(v1::Permit { seconds: Some(60), ..permit })
    });
    let done = world.work(three()).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(left(&done), (vec![5002, 5003], None, None));
    assert_eq!(world.kaseya.history().len(), 1);
}

#[tokio::test]
async fn a_soft_stop_finishes_the_contract_in_hand_and_hands_back_the_rest() {
    let mut world = World::new(state()).await;
    let write = world.kaseya.hold(Endpoint::WriteLine, 1, HoldAt::AfterApply);
    world.ticket(three(), 1).await;
    write.reached().await;
    world.stop.cancel();
    write.release();
    let done = world.done().await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(left(&done), (vec![5002, 5003], None, None));
    (&mut world.worker).await.expect("the worker ends by itself");
    assert_eq!(world.kaseya.history().len(), 1);
}

#[tokio::test]
async fn after_a_lost_lease_no_write_is_begun() {
    let mut world = World::new(state()).await;
    world.script().content.lease_seconds = Some(3);
    world.script().refuse_renewal = true;
    let read = world.kaseya.hold(Endpoint::ContractLines, 1, HoldAt::BeforeApply);
    world.ticket(three(), 1).await;
    read.reached().await;
    // The second renewal is requested after the worker has received the first one's refusal.
    testkit::until("the lease was refused", async || world.script().renewals.len() >= 2).await;
    read.release();
    let done = world.done().await;
    assert_eq!(left(&done), (vec![5001, 5002, 5003], None, None));
    assert!(world.kaseya.history().is_empty() && world.script().permits.is_empty());
    assert_eq!(world.script().renewals[0].login_accepted, Some(true), "the login is told with the renewal");
}

#[tokio::test]
async fn after_a_lost_delivery_no_write_is_begun() {
    let inner = InProcess::new();
    let lost = CancellationToken::new();
    let losing = LosingBus { inner: inner.clone(), lost: lost.clone() };
    let mut world = World::on(inner, Arc::new(losing), state(), SETTINGS).await;
    // Lost while the permit is in transit: it arrives, and is not used.
    world.on_permit(move |asked| {
        lost.cancel();
        grant_all(asked)
    });
    let done = world.work(three()).await;
    assert_eq!(left(&done), (vec![5001, 5002, 5003], None, None));
    assert_eq!(crate::job::results(&done), [v1::ChangeResult::NotBegun]);
    assert!(world.kaseya.history().is_empty());
}

/// The in-process bus with deliveries that a test can take back, as a broken connection does.
struct LosingBus {
    inner: InProcess,
    lost: CancellationToken,
}

/// The delivery behind a lost one.
struct Forward(Delivery);

#[async_trait]
impl Settle for Forward {
    async fn settle(self: Box<Self>, _: &Incoming, how: Settlement) -> Result<(), BusError> {
        self.0.settle(how).await
    }

    fn abandon(self: Box<Self>) {}
}

#[async_trait]
impl Bus for LosingBus {
    async fn publish(&self, queue: Queue, message: Outgoing) -> Result<(), PublishError> {
        self.inner.publish(queue, message).await
    }

    async fn announce(&self, topic: EventTopic, message: Outgoing) -> Result<(), PublishError> {
        self.inner.announce(topic, message).await
    }

    async fn request(
        &self,
        queue: Queue,
        message: Outgoing,
        wait: Duration,
    ) -> Result<Incoming, RequestError> {
        self.inner.request(queue, message, wait).await
    }

    async fn consume(
        &self,
        queue: Queue,
        prefetch: u16,
        stop: CancellationToken,
    ) -> Result<Consumer, BusError> {
        let mut inner = self.inner.consume(queue, prefetch, stop.clone()).await?;
        let (deliver, deliveries) = mpsc::channel(1);
        let lost = self.lost.clone();
        tokio::spawn(async move {
            while let Some(delivery) = inner.next().await {
                let message = delivery.message.clone();
                let delivery = Delivery::new(message, lost.clone(), Box::new(Forward(delivery)));
                if deliver.send(delivery).await.is_err() {
                    break;
                }
            }
        });
        Ok(Consumer::new(deliveries, stop))
    }

    async fn listen(&self, topic: EventTopic, stop: CancellationToken) -> Result<Consumer, BusError> {
        self.inner.listen(topic, stop).await
    }

    async fn reply(&self, to: &Incoming, message: Outgoing) -> Result<(), PublishError> {
        self.inner.reply(to, message).await
    }

    fn connected(&self) -> watch::Receiver<bool> {
        self.inner.connected()
    }
}
