//! Companies without a mapping (D-01, D-02).

use domain::{CompanyState, ErrorCode};

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_01_d_02_an_unmapped_company_is_shown_with_its_number_and_keeps_nobody_waiting() {
    let world = World::new(4, 4).await;
    world.night(&[]).await;
    world.all_right().await;
    world.unmap(2).await;
    world.night(&[1, 2, 3, 4]).await;

    let rows = world.rows().await;
    assert_eq!(rows.len(), 4);
    for row in rows {
        let users: Vec<_> = row.products.iter().map(|product| product.users).collect();
        assert_eq!(users, [Some(11)], "{}", row.name);
        let expected = match row.company.as_str() {
            "c2" => (CompanyState::NotMapped, Some(ErrorCode::Map01)),
            _ => (CompanyState::Changed, None),
        };
        assert_eq!((row.state, row.code), expected, "{}", row.name);
    }
    assert_eq!([1, 2, 3, 4].map(|company| world.units(company)), [11.0, 10.0, 11.0, 11.0]);
}
