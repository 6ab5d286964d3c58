//! Work that needs no worker.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn unmapped_companies_and_products_and_missing_counts_keep_their_numbers() {
    let world = World::running().await;
    world.partner("p1", 3).await;
    world
        .run(
            "delete from company_mappings where company_id = 'c1';
             update user_counts set users = null, basis = null where company_id = 'c2';
             insert into user_counts values ('p1', 'r1', 'c2', 'adv', 4, 'users');
             delete from user_counts where company_id = 'c3';
             delete from report_companies where company_id = 'c3'",
        )
        .await;
    let run = world.make_run("p1").await;
    let job = world.make_local(&run, &[102, 103], &["c1"]).await;
    let told = world.result().await;
    assert_eq!(
        (told.job_id.as_str(), told.attempt, told.run_id.as_str()),
        (job.as_str(), Some(1), run.as_str())
    );
    let seen: Vec<_> = told
        .companies
        .iter()
        .map(|company| {
            let products: Vec<_> = company
                .products
                .iter()
                .map(|product| {
                    (product.product_id.as_str(), product.code.as_deref().unwrap_or(""), product.users)
                })
                .collect();
            (company.company_id.as_str(), company.contract_id, company.state.as_str(), products)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("c2", Some(102), "not_sent", vec![("std", "QTY-02", None), ("adv", "MAP-02", Some(4))]),
            ("c3", Some(103), "not_sent", vec![("std", "QTY-02", None)]),
            ("c1", None, "not_mapped", vec![("std", "MAP-01", Some(10))]),
        ]
    );
    assert_eq!(told.companies[2].code.as_deref(), Some("MAP-01"));

    // Results has not stored it: it comes again.
    world.until("state from jobs", "emitted").await;
    world.clock.advance(world.settings.ticket_timeout);
    assert_eq!(world.result().await.job_id, job);
}

#[tokio::test(flavor = "multi_thread")]
async fn b_05_unbilled_users_are_reported_with_their_number_and_reason() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    world
        .run(
            "delete from company_mappings where company_id = 'c2';
             insert into billing_rules values ('p1', 'c1', 'std', true, 0, 0, 'Own use'),
                                              ('p1', 'c2', 'std', true, 0, 0, 'Trial')",
        )
        .await;
    let run = world.make_run("p1").await;
    world.make_local(&run, &[101], &["c2"]).await;
    let told = world.result().await;
    let seen: Vec<_> = told
        .companies
        .iter()
        .map(|company| {
            let product = &company.products[0];
            (
                company.company_id.as_str(),
                company.contract_id,
                company.state.as_str(),
                company.code.as_deref(),
                product.users,
                product.note.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("c1", Some(101), "not_billed", None, Some(10), Some("Own use")),
            ("c2", None, "not_billed", None, Some(10), Some("Trial")),
        ],
        "a company that is not billed needs no contract"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_become_work_goes_to_a_worker() {
    let world = World::new().await;
    world.partner("p1", 4).await;
    world
        .run(
            "delete from company_mappings where company_id = 'c1';
             update user_counts set users = null, basis = null where company_id in ('c2', 'c3')",
        )
        .await;
    let run = world.make_run("p1").await;
    let local = world.make_local(&run, &[102, 103], &["c1", "c4"]).await;
    // Before the job is emitted, c2 is counted; c4 was mapped after the job was made.
    world.run("update user_counts set users = 5, basis = 'users' where company_id = 'c2'").await;
    world.start_scheduler();
    let told = world.result().await;
    let companies: Vec<_> = told.companies.iter().map(|company| company.company_id.as_str()).collect();
    assert_eq!((told.job_id.as_str(), companies), (local.as_str(), vec!["c3", "c1"]));
    let (_, content) = world.started("w1").await;
    let contracts: Vec<_> = content.contracts.iter().map(|work| work.contract_id).collect();
    assert_eq!((content.run_id, contracts), (run, vec![Some(102), Some(104)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_credentials_are_tried_instead_of_telling_the_old_refusal() {
    let world = World::new().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    let local = world.make_local(&run, &[101], &[]).await;
    world.run("update jobs set local_code = 'AUTH-01'").await;
    world.start_scheduler();
    let (ticket, _) = world.started("w1").await;
    assert_ne!(ticket.job_id, local);
    assert_eq!(
        world.text(&format!("state from jobs where job_id = '{local}'")).await.as_deref(),
        Some("done")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_for_nothing_ends_like_any_other() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    let run = world.make_run("p1").await;
    let job = world.make_local(&run, &[999], &["nobody"]).await;
    let told = world.result().await;
    assert_eq!((told.job_id, told.run_id, told.companies.len()), (job, run, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn case_a16_a_row_says_that_its_count_is_of_another_basis() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    world
        .run(
            "update user_counts set basis = 'licences' where company_id = 'c1';
             update user_counts set users = null, basis = null where company_id = 'c2'",
        )
        .await;
    let run = world.make_run("p1").await;
    world.make_local(&run, &[101, 102], &[]).await;
    let told = world.result().await;
    let seen: Vec<_> = told
        .companies
        .iter()
        .map(|company| {
            let code = |product: &messages::v1::ProductOutcome| (product.code.clone(), product.users);
            (
                company.company_id.as_str(),
                company.code.as_deref(),
                company.products.iter().map(code).collect::<Vec<_>>(),
            )
        })
        .collect();
    let row = |code: &str| vec![(Some(code.to_owned()), None)];
    assert_eq!(seen, [("c1", Some("QTY-04"), row("QTY-04")), ("c2", Some("QTY-02"), row("QTY-02"))]);
}
