//! The portal as a service.

use std::{net::SocketAddr, sync::Arc};

use axum::Router;
use domain::PartnerId;
use operations::{Connections, Operations};
use store::{
    PartnerChanges, StoreError,
    settings::{self, PartnerSettings},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{PortalSettings, ProviderSetupError, identity_provider::IdentityProvider, router};

/// What the portal works with.
pub struct Context {
    /// What connections are tried and saved with; its operations are what all other orders are carried out with.
    pub connections: Connections,
    /// What is configured.
    pub settings: PortalSettings,
    /// When to let go of pages that stay connected.
    pub stop: CancellationToken,
}

/// The portal, which all its requests share.
#[derive(Clone)]
pub struct Portal {
    pub(crate) operations: Operations,
    pub(crate) connections: Arc<Connections>,
    pub(crate) settings: PortalSettings,
    pub(crate) stop: CancellationToken,
    pub(crate) changes: PartnerChanges,
    pub(crate) identity_provider: Option<Arc<IdentityProvider>>,
}

impl Portal {
    /// One that listens nowhere yet.
    pub fn new(context: Context) -> Result<Self, ProviderSetupError> {
        let Context { connections, settings, stop } = context;
        let operations = connections.operations.clone();
        let changes = operations.store.partner_changes(stop.clone());
        let provider = settings.oidc.clone();
        let provider =
            provider.map(|oidc| IdentityProvider::new(oidc, Arc::clone(&operations.clock))).transpose()?;
        let identity_provider = provider.map(Arc::new);
        let connections = Arc::new(connections);
        Ok(Self { operations, connections, settings, stop, changes, identity_provider })
    }

    /// Every address, as it is served.
    pub fn router(&self) -> Router {
        router::router(self.clone())
    }

    /// Everything that a partner has set; `None` for an unknown one.
    pub(crate) async fn settings_of(
        &self,
        partner: &PartnerId,
    ) -> Result<Option<PartnerSettings>, StoreError> {
        let store = &self.operations.store;
        store.transaction("read_partner", |tx| Box::pin(settings::read(tx, partner))).await
    }

    /// Begins to listen.
    pub async fn bind(&self) -> std::io::Result<TcpListener> {
        TcpListener::bind(self.settings.address).await
    }

    /// Answers until it is to stop, and then what was asked before.
    pub async fn run(self, listener: TcpListener) -> std::io::Result<()> {
        let stop = self.stop.clone();
        let service = self.router().into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await
    }
}
