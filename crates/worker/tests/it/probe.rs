//! The daily probe of a login (B-03): real logins and one harmless read.

use domain::ErrorCode;
use kaseya_simulator::Endpoint;
use messages::v1::{HostHealth, LoginOutcome};

use crate::{
    job::simple,
    world::{World, state},
};

#[tokio::test]
async fn a_probe_logs_in_whatever_tokens_are_at_hand_reads_who_it_is_and_tells_of_nothing_else() {
    let mut world = World::new(state()).await;
    world.work(vec![simple(5001, "acme", 12)]).await;
    let lines = world.calls(Endpoint::ContractLines);
    world.script().content.trigger = "probe".to_owned();
    let done = world.work(Vec::new()).await;
    assert_eq!((done.login(), done.host()), (LoginOutcome::Accepted, HostHealth::Answered));
    assert_eq!((done.companies.len(), done.lines.len(), done.left_over), (0, 0, None));
    assert_eq!(done.kaseya_time_zone, Some(state().time_zone), "A13: told in passing");
    assert_eq!((world.calls(Endpoint::Authenticate), world.calls(Endpoint::UserInfo)), (2, 1));
    assert_eq!((world.calls(Endpoint::ContractLines), world.kaseya.history().len()), (lines, 0));
}

#[tokio::test]
async fn a_probe_finds_credentials_that_no_longer_work() {
    let mut world = World::new(state()).await;
    world.work(vec![simple(5001, "acme", 12)]).await;
    world.kaseya.edit(|state| state.login.password = "changed by hand".to_owned()).expect("nothing is kept");
    world.script().content.trigger = "probe".to_owned();
    let done = world.work(Vec::new()).await;
    assert_eq!(done.login(), LoginOutcome::Refused);
    assert_eq!(done.credentials_code.as_deref(), Some(ErrorCode::Auth01.as_str()));
}
