//! Calls to a partner's Kaseya in the last hour.

use domain::{Budget, Calls};
use serde::Serialize;
use store::{
    StoreError,
    kaseya::{calls, places::Place},
    settings::PartnerSettings,
};
use utoipa::ToSchema;

use crate::Operations;

/// Calls of the last hour to this host and company name, by all partners whose login Kaseya has accepted there.
/// Until Kaseya has accepted this partner's login, only the partner's own calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Calls)]
pub struct CallsUsed {
    /// Kaseya's host name.
    pub host: String,
    /// Company name in Kaseya. Kaseya counts calls per host and company name.
    pub company_name: String,
    /// Endpoints with calls, most calls first.
    pub endpoints: Vec<EndpointCalls>,
    /// V2 calls that jobs and look-ups in progress may still make.
    pub under_way_v2: u32,
    /// V1 calls that jobs and look-ups in progress may still make.
    pub under_way_v1: u32,
}

/// Calls of the last hour to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Endpoint)]
pub struct EndpointCalls {
    /// Method and route.
    pub endpoint: String,
    /// Calls made in the last hour.
    pub calls: u32,
    /// Kaseya's limit per hour, shared with the customer's other tools.
    pub limit: u32,
    /// Our share of the limit, in calls per hour.
    pub ours: u32,
}

impl Operations {
    /// The calls of the last hour; `None` before the connection is saved for the first time.
    pub async fn calls_used(&self, settings: &PartnerSettings) -> Result<Option<CallsUsed>, StoreError> {
        let Some(integration) = &settings.integration else { return Ok(None) };
        let (partner, now) = (&settings.partner, self.clock.now());
        let (made, under_way) = self
            .store
            .transaction("read_calls", |tx| {
                Box::pin(async move {
                    let place = Place::of(tx, partner, integration.address()).await?;
                    let made = calls::calls_per_endpoint(tx, &place, now).await?;
                    let debited = calls::debited(tx, &place, now).await?;
                    Ok::<_, StoreError>((made, debited))
                })
            })
            .await?;
        let budget = Budget { our_percent: integration.settings.call_share_percent, ..Budget::default() };
        let (limit, ours) = (budget.limit, budget.ours());
        let endpoints = made.into_iter().map(|(endpoint, calls)| {
            let is_v2 = endpoint.contains(" /v2/");
            let of = |calls: Calls| if is_v2 { calls.v2 } else { calls.v1 };
            EndpointCalls { calls, limit: of(limit), ours: of(ours), endpoint }
        });
        Ok(Some(CallsUsed {
            host: integration.credentials.host.clone(),
            company_name: integration.credentials.tenant.clone(),
            endpoints: endpoints.collect(),
            under_way_v2: under_way.v2,
            under_way_v1: under_way.v1,
        }))
    }
}
