//! A tenant with lines that stop fitting its line profile (LIN-01).

use domain::ErrorCode;
use kaseya_simulator::Endpoint;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lin_01_a_tenant_that_stops_fitting_is_stopped_until_another_profile_is_set() {
    let world = World::new(6, 6).await;
    world.allow_run(100).await;
    world.night(&[]).await;
    world.all_right().await;
    let (written, synced) = (world.writes(), world.last_sync(2).await);

    world.lines(|lines| lines.form.inside = Some("Services".to_owned()));
    let figures = world.night(&[1, 2, 3, 4, 5, 6]).await;
    assert_eq!(figures.calls(Endpoint::ContractLines), 3);
    for company in 1..=6 {
        assert!(world.row(company).await.starts_with("not_sent LIN-01"), "{}", world.row(company).await);
    }
    assert!(world.rows().await.iter().all(|row| row.code == Some(ErrorCode::Lin01)));
    assert_eq!((world.writes(), world.last_sync(2).await), (written, synced));

    let text = kaseya::LineProfile::default().text().replace("\"Result\"", "\"Result.Services\"");
    let profile: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let profile = profile.join("\n");
    world.run(&format!("update installation set line_profile = $toml${profile}$toml$")).await;
    world.night(&[]).await;
    world.all_right().await;
    assert_eq!(world.writes(), written + 6);
}
