//! Which services a partner's products are billed as (S-21 to S-25).

use std::collections::BTreeMap;

use domain::{MAX_NOTE, PartnerId, ProductId, SecurityEventKind, ServiceId};
use serde_json::{Map, Value, json};
use store::{
    access::security_events::SecurityEvent,
    kaseya::names::{self, NameOf},
    settings::{self, PartnerSettings},
};

use crate::{
    Acting,
    adding_together::products_newly_together,
    leftovers::{self, Leftover},
    not_saved::{Field, Found, MistakeKind, NotSaved},
};

/// The services of products, with their names; `None` unmaps the product.
pub type ProductServices = BTreeMap<ProductId, Option<(ServiceId, String)>>;

impl Acting<'_> {
    /// Saves the services of these products, leaves the others unchanged, and returns the lines left over.
    /// `add_together` confirms that the users of products with the same service are added together.
    pub async fn save_product_mappings(
        &self,
        partner: &PartnerId,
        services: &ProductServices,
        add_together: bool,
    ) -> Result<Vec<Leftover>, NotSaved> {
        let (now, entropy) = (self.clock.now(), &self.entropy);
        let details = |(product, service): (&ProductId, &Option<(ServiceId, String)>)| {
            (product.to_string(), json!(service.as_ref().map(|(service, _)| service.0)))
        };
        let details = &Value::Object(services.iter().map(details).collect::<Map<_, _>>());
        let (left, kept) = self
            .store
            .transaction("save_product_mappings", |tx| {
                Box::pin(async move {
                    settings::hold(tx, partner).await?;
                    let stored = settings::read(tx, partner).await?.ok_or(NotSaved::UnknownPartner)?;
                    let ids: Vec<i32> = services.values().flatten().map(|(service, _)| service.0).collect();
                    let names = names::known(tx, partner, NameOf::Service, &ids).await?;
                    check(&stored, services, add_together, &names)?;
                    for (product, service) in services {
                        settings::store_product_mapping(tx, partner, product, service.as_ref()).await?;
                    }
                    let left = leftovers::ask(tx, partner, entropy, now).await?;
                    let mapped = SecurityEvent::of(
                        SecurityEventKind::ProductsMapped,
                        partner,
                        "products",
                        details.clone(),
                    );
                    Ok::<_, NotSaved>((left, self.keep(tx, mapped).await?))
                })
            })
            .await?;
        kept.log();
        Ok(left)
    }
}

fn check(
    stored: &PartnerSettings,
    services: &ProductServices,
    add_together: bool,
    names: &BTreeMap<i32, String>,
) -> Result<(), NotSaved> {
    if stored.integration.is_none() {
        return Err(NotSaved::NotConnected);
    }
    let mut found = Found::default();
    for product in services.keys().filter(|product| !stored.products.contains_key(product)) {
        found.note(Field::Product, MistakeKind::Unknown(product.to_string()));
    }
    for (service, name) in services.values().flatten() {
        found.text(Field::Product, name, MAX_NOTE);
        found.within(Field::Product, service.0.into(), 1, i32::MAX.into());
        found.named(Field::Product, names, service.0, name);
    }
    found.none_or(Some(()))?;
    let services = services.iter().map(|(product, service)| (product, service.as_ref().map(|(id, _)| *id)));
    let together = products_newly_together(stored, services);
    if together.is_empty() || add_together { Ok(()) } else { Err(NotSaved::AddProductsTogether(together)) }
}
