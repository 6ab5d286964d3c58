//! Services and accounts that are no longer in use: nothing is sent for them.

use domain::Remark;
use kaseya_simulator::{Endpoint, Fault, State};
use messages::v1;

use crate::{
    job::{addend, came_out, contract, last_known, outcome, remarks, simple, surveyed, target},
    world::{World, state, survey_work},
};

fn mapped(service: i32, name: &str) -> v1::MappedService {
    v1::MappedService { service_id: Some(service), service_name: name.into() }
}

/// A survey of the first contract that looks at these services.
async fn look_at(world: &mut World, services: Vec<v1::MappedService>) -> v1::JobDone {
    world.script().content.survey = Some(v1::SurveyWork { services, ..survey_work(&[5001], 1) });
    let done = world.work(Vec::new()).await;
    world.script().content.survey = None;
    done
}

fn states(done: &v1::JobDone) -> Vec<(i32, &str)> {
    let seen = done.services_seen.iter();
    seen.map(|seen| (seen.service_id.unwrap_or_default(), seen.state.as_str())).collect()
}

/// A target as the scheduler sends it after such a survey.
fn with_service(survey: &v1::JobDone, target: v1::TargetWork) -> v1::TargetWork {
    let seen = survey.services_seen.iter().find(|seen| seen.service_id == target.service_id).cloned();
    v1::TargetWork { service_seen: seen, ..target }
}

/// A target with a line that was read before.
fn read_before(target: v1::TargetWork) -> v1::TargetWork {
    v1::TargetWork { last_known: last_known(12.0, None), ..target }
}

#[tokio::test]
async fn svc_02_a_survey_tells_once_how_the_services_stand() {
    let mut state = state();
    state.services[1].active = false;
    let mut world = World::new(state).await;
    let services = [(701, "Password Boss Standard"), (702, "Password Boss Advanced"), (799, "Gone")];
    let done = look_at(&mut world, services.map(|(id, name)| mapped(id, name)).into()).await;
    assert_eq!(states(&done), [(701, "active"), (702, "inactive"), (799, "not_shown")]);
    // One call requests the service; the other shows that such a look-up finds existing ones.
    assert_eq!((world.calls(Endpoint::ServicesSearch), world.calls(Endpoint::ServicesLookup)), (2, 2));
}

#[tokio::test]
async fn one_service_takes_one_call_also_in_a_large_catalogue_and_a_new_name_of_it_is_no_end_of_it() {
    let mut builder = State::builder().account(301, "Panificio");
    for id in 1..=300 {
        builder = builder.service(id, &format!("Service number {id}"), 1.0);
    }
    let builder = builder.service(701, "Password Boss Standard", 3.5).contract(5001, 301, "One");
    let mut world = World::new(builder.build()).await;
    let done = look_at(&mut world, vec![mapped(701, "Password Boss Standard")]).await;
    assert_eq!(states(&done), [(701, "active")]);
    assert_eq!((world.calls(Endpoint::ServicesSearch), world.calls(Endpoint::ServicesLookup)), (1, 0));
    let done = look_at(&mut world, vec![mapped(701, "Its old name")]).await;
    assert_eq!(states(&done), [], "it is there, and how it stands is not told");
    assert_eq!(world.calls(Endpoint::ServicesLookup), 1);
}

#[tokio::test]
async fn svc_02_what_the_survey_found_inactive_is_not_sent_and_costs_no_call_and_other_services_are() {
    let mut state = state();
    state.services[1].active = false;
    let mut world = World::new(state).await;
    let services = vec![mapped(701, "Password Boss Standard"), mapped(702, "Password Boss Advanced")];
    let survey = look_at(&mut world, services).await;
    let asked = world.calls(Endpoint::ServicesSearch);
    let targets =
        [target(701, vec![addend("acme", "standard", 14)]), target(702, vec![addend("beta", "advanced", 4)])];
    let work = surveyed(&survey, contract(5001, targets.map(|target| with_service(&survey, target)).into()));
    let done = world.work(vec![work]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(came_out(&done, "beta", 5001), "not_sent SVC-02");
    let inactive = Remark::ServiceInactive { service: "Service 702".to_owned() };
    assert_eq!(remarks(&done, "beta", 5001), [inactive]);
    let product = &outcome(&done, "beta", 5001).products[0];
    assert_eq!((product.from_units, product.to_units), (Some(3.0), Some(4)));
    assert_eq!((world.units(5001, 90_011), world.units(5001, 90_012)), (14.0, 3.0));
    assert_eq!(world.calls(Endpoint::ServicesSearch), asked);
}

#[tokio::test]
async fn nothing_is_asked_of_service_account_or_terms_where_nothing_is_to_be_sent() {
    let mut state = state();
    (state.services[0].active, state.accounts[0].active) = (false, false);
    let mut world = World::new(state).await;
    let done = world.work(vec![simple(5001, "acme", 12)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "unchanged");
    for endpoint in [
        Endpoint::ServicesSearch,
        Endpoint::ServicesLookup,
        Endpoint::AccountsLookup,
        Endpoint::ContractsSummary,
    ] {
        assert_eq!(world.calls(endpoint), 0, "{endpoint}");
    }
}

#[tokio::test]
async fn a_survey_that_is_not_told_of_the_services_is_one_all_the_same_and_work_asks_for_itself() {
    let mut state = state();
    state.services[0].active = false;
    let mut world = World::new(state).await;
    let forbidden = Fault::Answer { status: 403, body: serde_json::json!({}) };
    world.kaseya.fail(Endpoint::ServicesSearch, 1, forbidden);
    let survey = world.survey(&[5001], 1).await;
    assert_eq!(survey.survey, Some(v1::SurveyDone { next_page: None, given_up: Some(false) }));
    assert_eq!((survey.contracts_seen.len(), survey.services_seen.len()), (1, 0));
    let named = v1::TargetWork {
        service_name: "Password Boss Standard".into(),
        known_service_name: Some("Password Boss Standard".into()),
        ..target(701, vec![addend("acme", "standard", 14)])
    };
    let done = world.work(vec![surveyed(&survey, contract(5001, vec![named]))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent SVC-02");
}

#[tokio::test]
async fn services_and_accounts_of_a_slice_are_asked_for_at_once() {
    let mut world = World::new(state()).await;
    let work = vec![simple(5001, "acme", 14), simple(5002, "beta", 14), simple(5003, "gamma", 14)];
    let done = world.work(work).await;
    for (company, contract) in [("acme", 5001), ("beta", 5002), ("gamma", 5003)] {
        assert_eq!(came_out(&done, company, contract), "changed");
    }
    assert_eq!((world.calls(Endpoint::AccountsLookup), world.calls(Endpoint::ServicesSearch)), (1, 1));
}

#[tokio::test]
async fn acc_01_a_first_sync_after_its_survey_asks_for_no_account_and_every_later_change_does() {
    let mut state = state();
    state.accounts[0].active = false;
    let mut world = World::new(state).await;
    let survey = world.survey(&[5001, 5002], 1).await;
    let done = world.work(vec![surveyed(&survey, simple(5001, "acme", 14))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(world.calls(Endpoint::AccountsLookup), 0);
    let later = contract(5002, vec![read_before(target(701, vec![addend("beta", "standard", 14)]))]);
    let done = world.work(vec![surveyed(&survey, later)]).await;
    assert_eq!(came_out(&done, "beta", 5002), "not_sent ACC-01");
    // Under Kaseya's name for it (G-06).
    let account = Some("Panificio Niccolò".to_owned());
    assert_eq!(remarks(&done, "beta", 5002), [Remark::AccountInactive { account }]);
    assert_eq!(world.units(5002, 90_021), 12.0);
}

#[tokio::test]
async fn acc_01_a_contract_that_is_gone_or_moved_is_told_with_its_account_where_that_is_gone_too() {
    let gone: fn(&mut State) = |state| state.contracts.clear();
    let moved: fn(&mut State) = |state| state.contract_mut(5001).expect("a contract").account = 999;
    for (edit, without) in [(gone, "not_sent CON-02"), (moved, "not_sent CON-04")] {
        for hidden in [false, true] {
            let mut state = state();
            edit(&mut state);
            if hidden {
                state.behaviour.role.hidden_accounts.insert(301);
            }
            let mut world = World::new(state).await;
            let work = v1::ContractWork {
                account_name: Some("Panificio".into()),
                known_account_name: Some("Panificio".into()),
                ..simple(5001, "acme", 14)
            };
            let done = world.work(vec![work]).await;
            let expected = if hidden { "not_sent ACC-01" } else { without };
            assert_eq!(came_out(&done, "acme", 5001), expected, "hidden: {hidden}");
            let found = remarks(&done, "acme", 5001);
            let not_shown = Remark::AccountNotShown { account: Some("Panificio".to_owned()) };
            assert_eq!(found.contains(&not_shown), hidden, "{found:?}");
        }
    }
}

/// A contract and account with names that Kaseya has never shown.
fn never_shown(target: v1::TargetWork, contract_name: &str, account_name: &str) -> v1::ContractWork {
    v1::ContractWork {
        contract_name: contract_name.to_owned(),
        account_name: Some(account_name.to_owned()),
        known_contract_name: None,
        owner_account_id: None,
        ..contract(5001, vec![v1::TargetWork { known_service_name: None, ..target }])
    }
}

#[tokio::test]
async fn case_b3_an_id_and_the_name_of_another_thing_are_not_believed_before_the_first_write() {
    const ACCOUNT: &str = "Panificio Niccolò";
    let named = |name: &str| v1::TargetWork {
        service_name: name.to_owned(),
        ..target(701, vec![addend("acme", "standard", 14)])
    };
    let other = |id, told: &str, named: &str| {
        let (told, named) = (told.to_owned(), named.to_owned());
        [Remark::OtherName { id, told, named }]
    };
    let mut world = World::new(state()).await;
    let swapped = never_shown(named("Password Boss Advanced"), "Managed services", ACCOUNT);
    let done = world.work(vec![swapped]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent MAP-05");
    let found = other(701, "Password Boss Advanced", "Password Boss Standard");
    assert_eq!(remarks(&done, "acme", 5001), found);
    let seen: Vec<_> = done.services_named.iter().map(|named| named.name.as_str()).collect();
    assert_eq!(seen, ["Password Boss Standard"], "what was seen is told");

    let done = world.work(vec![never_shown(named("Password Boss Standard"), "Second", ACCOUNT)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent MAP-05");
    assert_eq!(remarks(&done, "acme", 5001), other(5001, "Second", "Managed services"));
    assert!(world.kaseya.history().is_empty());

    let right = never_shown(named("password boss STANDARD"), "Managed services", ACCOUNT);
    let done = world.work(vec![right]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
}

#[tokio::test]
async fn case_b3_what_was_named_otherwise_before_is_not_believed_even_where_nothing_changes() {
    let mut world = World::new(state()).await;
    let known = Some("Password Boss Standard".to_owned());
    let swapped =
        v1::TargetWork { known_service_name: known, ..target(701, vec![addend("acme", "standard", 12)]) };
    let done = world.work(vec![contract(5001, vec![swapped])]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent MAP-05");
}

#[tokio::test]
async fn case_a23_a_contract_of_another_account_is_found_out_by_id_before_the_first_write() {
    let mut world = World::new(state()).await;
    world
        .kaseya
        .edit(|state| {
            let other = state.accounts[0].clone();
            state.accounts.push(kaseya_simulator::Account { id: 302, name: "Beta".to_owned(), ..other });
        })
        .expect("no file");
    // The mapping names account 302, and a contract of account 301 by its correct names.
    let standard = v1::TargetWork {
        service_name: "Password Boss Standard".to_owned(),
        ..target(701, vec![addend("acme", "standard", 14)])
    };
    let right = never_shown(standard, "Managed services", "Panificio Niccolò");
    let done = world.work(vec![v1::ContractWork { account_id: Some(302), ..right.clone() }]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent CON-04");
    assert!(world.kaseya.history().is_empty());
    let done = world.work(vec![right.clone()]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(done.contracts_read[0].owner_account_id, Some(301));
    // It is requested once, as long as the survey shows its account.
    let survey = world.survey(&[5001], 1).await;
    let asked = world.calls(Endpoint::ContractsLookup);
    let found = v1::ContractWork { owner_account_id: Some(301), ..right };
    let line = v1::TargetWork {
        addends: vec![addend("acme", "standard", 13)],
        wanted_units: Some(13),
        ..found.targets[0].clone()
    };
    let work = surveyed(&survey, v1::ContractWork { targets: vec![line], ..found });
    let done = world.work(vec![work]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(world.calls(Endpoint::ContractsLookup), asked);
}

#[tokio::test]
async fn case_b3_nothing_is_sent_where_two_mappings_contradict_each_other() {
    let mut world = World::new(state()).await;
    let (told, named) = ("Panificio Niccolò".to_owned(), "Beta".to_owned());
    let remark = Remark::TwoAccounts { id: 5001, told, named };
    for units in [12, 14] {
        let work = v1::ContractWork {
            contradiction: Some(remark.clone().into()),
            ..contract(5001, vec![target(701, vec![addend("acme", "standard", units)])])
        };
        let done = world.work(vec![work]).await;
        assert_eq!(came_out(&done, "acme", 5001), "not_sent MAP-05");
        assert_eq!(remarks(&done, "acme", 5001), std::slice::from_ref(&remark));
    }
    assert!(world.kaseya.history().is_empty() && world.script().permits.is_empty());
}

#[tokio::test]
async fn case_a23_the_name_of_two_accounts_tells_nothing_of_whose_a_contract_is() {
    let mut world = World::new(state()).await;
    world
        .kaseya
        .edit(|state| {
            let first = state.accounts[0].clone();
            state.accounts.push(kaseya_simulator::Account { id: 302, ..first });
        })
        .expect("no file");
    let survey = world.survey(&[5001], 1).await;
    let work = |account: i32, units: u32, shared: bool, owner: Option<i32>| {
        let target = v1::TargetWork {
            service_name: "Password Boss Standard".to_owned(),
            ..target(701, vec![addend("acme", "standard", units)])
        };
        let work = v1::ContractWork {
            account_id: Some(account),
            account_name_shared: Some(shared),
            owner_account_id: owner,
            ..never_shown(target, "Managed services", "Panificio Niccolò")
        };
        surveyed(&survey, work)
    };
    // The contract belongs to 301, and 302 has the same name.
    let done = world.work(vec![work(302, 14, true, None)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent CON-04");
    // Found to belong to 301 before, and now mapped with 302.
    let done = world.work(vec![work(302, 14, false, Some(301))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "not_sent CON-04");
    assert!(world.kaseya.history().is_empty());
    // The right account is requested once.
    let done = world.work(vec![work(301, 14, true, None)]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(done.contracts_read[0].owner_account_id, Some(301));
    let asked = world.calls(Endpoint::ContractsLookup);
    let done = world.work(vec![work(301, 13, true, Some(301))]).await;
    assert_eq!(came_out(&done, "acme", 5001), "changed");
    assert_eq!(world.calls(Endpoint::ContractsLookup), asked);
}

#[tokio::test]
async fn case_a8_a_line_that_another_partner_writes_is_left_alone_also_where_it_is_equal() {
    let mut world = World::new(state()).await;
    for users in [12, 14] {
        let work = v1::TargetWork {
            other_writer: Some(true),
            ..target(701, vec![addend("acme", "standard", users)])
        };
        let done = world.work(vec![contract(5001, vec![work])]).await;
        assert_eq!(came_out(&done, "acme", 5001), "not_sent MAP-04");
    }
    assert!(world.kaseya.history().is_empty() && world.script().permits.is_empty());
}
