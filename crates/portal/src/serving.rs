//! The portal as a service.

use std::{net::SocketAddr, sync::Arc};

use bus::SharedBus;
use domain::{Clock, Entropy};
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{PortalSettings, router};

/// What the portal works with.
pub struct Context {
    /// Settings, statuses, sessions.
    pub store: Store,
    /// Where syncs are asked for.
    pub bus: SharedBus,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What makes sessions.
    pub entropy: Entropy,
    /// What is configured.
    pub settings: PortalSettings,
}

/// The portal, which all its requests share.
#[derive(Clone)]
pub struct Portal(Arc<Context>);

impl std::ops::Deref for Portal {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

impl Portal {
    /// One that listens nowhere yet.
    pub fn new(context: Context) -> Self {
        Self(Arc::new(context))
    }

    /// Begins to listen.
    pub async fn bind(&self) -> std::io::Result<TcpListener> {
        TcpListener::bind(self.settings.address).await
    }

    /// Answers until `stop`, and then what was asked before.
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) -> std::io::Result<()> {
        let service = router::router(self).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await
    }
}
