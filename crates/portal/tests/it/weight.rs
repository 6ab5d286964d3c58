//! The download size of a page.

use http::{Method, StatusCode};

use crate::world::World;

/// The maximum size of a page with everything it loads except images, in bytes before compression.
const MOST: usize = 150 * 1024;

/// The URLs of a page's styles and scripts.
fn loaded(page: &str) -> Vec<String> {
    let tags = page.split('<').filter(|tag| tag.starts_with("script ") || tag.contains("rel=\"stylesheet\""));
    let address = |tag: &str| {
        let (_, rest) = tag.split_once("src=\"").or_else(|| tag.split_once("href=\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    tags.filter_map(address).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_a_hundred_companies_is_no_more_than_150_kb_with_all_that_it_loads() {
    let world = World::new().await;
    world
        .sql(
            "insert into companies (partner_id, company_id, name)
             select 'msp', 'company-' || n, 'Falegnameria Artigiana Però e Figli S.n.c. ' || n from generate_series(1, 120) n;
             insert into company_mappings (partner_id, company_id, account_id, account_name, contract_id, contract_name,
                                           version, edited_at)
             select 'msp', 'company-' || n, 1000 + n, 'Falegnameria Artigiana Però e Figli S.n.c. ' || n, 1000 + n,
                    'Servizi gestiti e assistenza ' || n, 1, '2026-11-01T00:00:00Z' from generate_series(1, 120) n;
             insert into statuses (partner_id, company_id, contract_id, account_id, state, code, kaseya_says, products,
                                   last_sync, run_id, run_number, attempt, updated_at)
             select 'msp', 'company-' || n, 1000 + n, 1000 + n, 'not_sent', 'UNK-01', 'The contract period is closed.',
                    '[]', '2026-11-20T00:00:00Z', '00000000-0000-0000-0000-000000000001', 1, 1, '2026-11-20T00:00:00Z'
             from generate_series(1, 120) n",
        )
        .await;
    let cookie = world.sign_in(&world.editor).await;
    let get = async |path: &str| {
        let answer = world.request(Method::GET, path, None, &[("cookie", &cookie)], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.text
    };
    let page = get("/partners/msp/companies?search=figli").await;
    let rows = page.matches("<tr").count() - 1;
    assert_eq!(rows, 100, "a full page");
    let loaded = loaded(&page);
    assert!(loaded.len() >= 2, "{loaded:?}");
    let mut bytes = page.len();
    for address in &loaded {
        bytes += get(address).await.len();
    }
    assert!(bytes <= MOST, "{bytes} bytes, {} of them the page's own", page.len());
}
