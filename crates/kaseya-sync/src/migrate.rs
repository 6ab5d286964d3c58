//! `migrate`: the database's tables and the broker's topology.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use domain::Entropy;
use runtime::Context;
use secrecy::ExposeSecret as _;
use store::{DatabaseSection, Store, StoreError, Transaction, settings::sealed_passwords};
use vault::{Associated, KeyRing, Sealed, WITHOUT_BASES};

use crate::{
    data_dir::DataDir,
    ended::{Ended, NAME},
    installation::{bus_uri, key_ring},
    output,
};

/// From this version of the tables on, passwords are bound to the addresses they may be sent to. An old-form
/// password found later was put back by somebody, and is not sealed again.
const PASSWORDS_BOUND: i32 = 105;

pub(crate) async fn command(context: &Context, data_dir: Option<PathBuf>) -> anyhow::Result<Ended> {
    let data_dir = data_dir.map(DataDir::at);
    let mut section: DatabaseSection = context.config.section("database")?;
    if let Some(directory) = &data_dir {
        section.url_file = directory.url_file();
    }
    let store = Store::connect(section.settings(NAME)?, context.entropy.clone()).await?;
    let keys = || key_ring(&context.config, data_dir.as_ref()).map(Arc::new);
    bring_up_to_date(&store, &context.entropy, keys).await?;
    output::tell(&"the database's tables are up to date");
    // In one process there is no broker.
    if data_dir.is_none() {
        let uri = bus_uri(&context.config)?;
        bus_rabbitmq::declare_topology(uri.expose_secret(), context.entropy.clone())
            .await
            .context("the broker's topology is not declared")?;
        output::tell(&"the broker's topology is declared");
    }
    Ok(Ended::InOrder)
}

/// Migrates the tables to this program's version. The key ring is read only if passwords must be sealed again.
pub(crate) async fn bring_up_to_date(
    store: &Store,
    entropy: &Entropy,
    keys: impl Fn() -> anyhow::Result<Arc<KeyRing>>,
) -> anyhow::Result<()> {
    if store.schema_version().await?.is_some_and(|found| found < PASSWORDS_BOUND) {
        bind_passwords(store, entropy, keys).await?;
    }
    Ok(store.migrate().await?)
}

async fn bind_passwords(
    store: &Store,
    entropy: &Entropy,
    keys: impl Fn() -> anyhow::Result<Arc<KeyRing>>,
) -> anyhow::Result<()> {
    let old = store
        .transaction("passwords_to_bind", |tx| Box::pin(sealed_passwords::sealed_in(tx, WITHOUT_BASES)))
        .await?;
    if old.is_empty() {
        return Ok(());
    }
    let keys = keys().context(
        "the stored passwords are to be sealed again, bound to their addresses, and that needs the key ring: set \
         [vault] key_ring_file",
    )?;
    let bound = store.transaction("bind_passwords", |tx| Box::pin(bind_all(tx, &keys, entropy))).await?;
    output::tell(&format_args!("passwords bound to the addresses that they are sent to: {bound}"));
    Ok(())
}

async fn bind_all(tx: &Transaction<'_>, keys: &KeyRing, entropy: &Entropy) -> Result<usize, StoreError> {
    let mut bound = 0;
    for password in sealed_passwords::sealed_in(tx, WITHOUT_BASES).await? {
        let associated = Associated {
            partner: password.partner.as_str(),
            host: &password.host,
            v2_base: password.v2_base.as_deref(),
            v1_base: password.v1_base.as_deref(),
            tenant: &password.tenant,
            user: &password.user_name,
        };
        let sealed = Sealed::from_text(&*password.sealed);
        match keys.bind_bases(&associated, &sealed, |bytes| entropy.fill(bytes)) {
            Ok(Some(sealed)) => {
                sealed_passwords::store_sealed(tx, &password.partner, sealed.as_str()).await?;
                bound += 1;
            }
            Ok(None) => {}
            // No program could use it before either.
            Err(error) => {
                output::tell(&format_args!("{}: type the password again: {error}", password.partner));
            }
        }
    }
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use testkit::TestDatabase;

    use super::*;

    /// "pass", sealed for this partner by an older program, which did not bind base addresses.
    const OLD: &str = "v1.a.BQUFBQUFBQUFBQUF6zlisPe2m5ANZ2IsJ3hCUaY9Mhm8pbLMO3aoPa5d_evn7lhySufjdYeG3IlDkER4.\
                       BQUFBQUFBQUFBQUFAzFTqB18PvDTU4WoaCSpqxUGwck";

    fn keys() -> anyhow::Result<Arc<KeyRing>> {
        let text = SecretString::from("write a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        Ok(Arc::new(KeyRing::parse(&text)?))
    }

    /// A partner with a password of the old form, and one with a password that no key opens.
    async fn partners() -> TestDatabase {
        let database = testkit::database().await;
        let sql: String = [("msp-1", OLD), ("msp-2", "v1.gone.AAAA.AAAA")].iter().map(|(id, sealed)| format!(
            "insert into partners (partner_id, name, count_zone) values ('{id}', 'MSP', 'UTC');
             insert into integrations (partner_id, host, v2_base, tenant, user_name, sealed_password,
                 credentials_version, state, billing, invoice_day, month_end_run, freeze_hour, max_count_age_days,
                 brake_units, brake_percent, brake_units_alone, run_brake_percent, run_brake_companies,
                 call_share_percent, saved_at)
             values ('{id}', 'bms.kaseya.com', 'https://bms.example.com', 'Acme IT', 'sync', '{sealed}', 1, 'on', 'arrears',
                 5, true, 6, 3, 5, 20, 25, 20, 5, 50, '2026-11-30T00:00:00Z');")).collect();
        database.client().await.batch_execute(&sql).await.expect("the statements are right");
        database
    }

    async fn sealed(database: &TestDatabase, partner: &str) -> String {
        let sql = "select sealed_password from integrations where partner_id = $1";
        database.client().await.query_one(sql, &[&partner]).await.expect("a row").get(0)
    }

    #[tokio::test]
    async fn case_f2_passwords_of_the_old_form_are_bound_to_their_addresses() {
        let database = partners().await;
        let entropy = testkit::entropy(3);
        let no_keys = || anyhow::bail!("no key ring");
        let refused = bind_passwords(&database.store, &entropy, no_keys).await.expect_err("keys are needed");
        assert!(format!("{refused:#}").contains("key_ring_file"), "{refused:#}");
        assert_eq!(sealed(&database, "msp-1").await, OLD);

        bind_passwords(&database.store, &entropy, keys).await.expect("they are bound");
        let bound = Sealed::from_text(sealed(&database, "msp-1").await);
        let at = Associated {
            partner: "msp-1",
            host: "bms.kaseya.com",
            v2_base: Some("https://bms.example.com"),
            v1_base: None,
            tenant: "Acme IT",
            user: "sync",
        };
        let keys = keys().expect("a ring");
        assert_eq!(keys.open(&at, &bound).expect("it opens").expose_secret(), "pass");
        assert!(keys.open(&Associated { v2_base: None, ..at }, &bound).is_err());
        // A password that no key opens stays as it was.
        assert_eq!(sealed(&database, "msp-2").await, "v1.gone.AAAA.AAAA");
    }

    #[tokio::test]
    async fn case_f2_an_old_form_that_is_put_back_later_is_not_sealed_again() {
        let database = partners().await;
        let entropy = testkit::entropy(3);
        bring_up_to_date(&database.store, &entropy, keys).await.expect("nothing is to be done");
        assert_eq!(sealed(&database, "msp-1").await, OLD);
    }
}
