//! The state that all requests share.

use std::sync::Arc;

use domain::PartnerId;
use operations::{Connections, Operations};
use runtime::metrics::Meter;
use store::{
    PartnerChanges, StoreError,
    settings::{self, PartnerSettings},
};
use tokio_util::sync::CancellationToken;

use crate::{
    PortalSettings, ProviderSetupError, identity_provider::IdentityProvider, open_streams::OpenStreams,
    request_metrics::RequestMetrics,
};

/// The dependencies of the portal.
pub struct Context {
    /// Tries and saves connections; its operations carry out all other commands.
    pub connections: Connections,
    /// The configuration.
    pub settings: PortalSettings,
    /// Cancelled to close the streams of open pages.
    pub stop: CancellationToken,
}

/// The portal cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The number of proxies in front of the portal is not configured. Without it all clients would count as one,
    /// or each could claim any address.
    #[error(
        "configuration key `portal.proxies` is not set: give the number of proxies in front of the portal, each of which adds \
         an address to x-forwarded-for; 0 where clients connect directly"
    )]
    Proxies,
    /// Sign-in by the identity provider cannot be offered.
    #[error(transparent)]
    Provider(#[from] ProviderSetupError),
}

/// The portal. All its requests share it.
#[derive(Clone)]
pub struct Portal {
    pub(crate) operations: Operations,
    pub(crate) connections: Arc<Connections>,
    pub(crate) settings: PortalSettings,
    pub(crate) stop: CancellationToken,
    /// The number of proxies in front of it.
    pub(crate) proxies: usize,
    pub(crate) changes: PartnerChanges,
    pub(crate) open_streams: OpenStreams,
    pub(crate) identity_provider: Option<Arc<IdentityProvider>>,
    pub(crate) metrics: Option<RequestMetrics>,
}

impl Portal {
    /// A portal that does not listen yet.
    pub fn new(context: Context) -> Result<Self, SetupError> {
        let Context { connections, settings, stop } = context;
        let proxies = settings.proxies.or(settings.plain_http.then_some(0)).ok_or(SetupError::Proxies)?;
        let operations = connections.operations.clone();
        let changes = operations.store.partner_changes(stop.clone());
        let provider = settings.oidc.clone();
        let provider =
            provider.map(|oidc| IdentityProvider::new(oidc, Arc::clone(&operations.clock))).transpose()?;
        let identity_provider = provider.map(Arc::new);
        let connections = Arc::new(connections);
        let open_streams = OpenStreams::default();
        Ok(Self {
            operations,
            connections,
            settings,
            stop,
            proxies,
            changes,
            open_streams,
            identity_provider,
            metrics: None,
        })
    }

    /// The same portal, with its requests measured by instruments of `meter`.
    #[must_use]
    pub fn measured(self, meter: &Meter) -> Self {
        let metrics = RequestMetrics::new(meter, Arc::clone(&self.operations.clock));
        Self { metrics: Some(metrics), ..self }
    }

    /// All settings of a partner; `None` for an unknown one.
    pub(crate) async fn settings_of(
        &self,
        partner: &PartnerId,
    ) -> Result<Option<PartnerSettings>, StoreError> {
        let store = &self.operations.store;
        store.transaction("read_partner", |tx| Box::pin(settings::read(tx, partner))).await
    }
}
