//! Surveys in the ledger: what each attempt still has to see, and which jobs come from what it saw.

use domain::{
    Clock as _, ContractId, JobId, LoginOutcome, PartnerId, SeenContract, SeenService, ServiceId,
    ServiceState, ShownContract, SurveyEnd,
};
use jiff::civil::date;
use messages::v1::{self, RefusalReason};

use crate::world::{SERVICE, World};

impl World {
    /// A run for all companies that begins with a survey of these contracts; returns its id.
    async fn make_survey(&self, contracts: &[i32]) -> String {
        let run = self.make_run("p1").await;
        let job = self.make_job(&run, contracts).await;
        self.run(&format!(
            "update runs set all_companies = true where run_id = '{run}';
             update jobs set kind = 'survey' where job_id = '{job}'"
        ))
        .await;
        run
    }

    /// What results does with the `JobDone` of a survey's attempt.
    async fn survey_done(
        &self,
        ticket: &v1::JobReady,
        end: SurveyEnd,
        contracts: &[SeenContract],
        services: &[SeenService],
    ) {
        let partner = &PartnerId::new("p1").expect("a partner id");
        let job = JobId::parse(&ticket.job_id).expect("a job id");
        let attempt = i32::try_from(ticket.attempt.expect("an attempt")).expect("a small number");
        let run_number = self.number(&format!("run_number from jobs where job_id = '{job}'")).await;
        let now = self.clock.now();
        self.in_transaction(|tx| {
            Box::pin(async move {
                store::kaseya::contracts::store_seen(tx, partner, run_number, contracts).await?;
                store::kaseya::services::store_seen(tx, partner, run_number, services).await?;
                store::kaseya::calls::credit_calls(tx, partner, job, attempt, &[], now).await?;
                let accepted = LoginOutcome::Accepted;
                store::kaseya::logins::job_login_ended(tx, partner, (job, attempt), accepted, None, now)
                    .await?;
                store::jobs::job_end::close_survey(tx, partner, job, attempt, end, None, now).await?;
                tx.notify("ledger").await
            })
        })
        .await;
    }

    fn seen(&self, contract: i32, shown: ShownContract) -> SeenContract {
        SeenContract { contract: ContractId(contract), seen_at: self.clock.now(), shown: Some(shown) }
    }
}

fn by_page() -> ShownContract {
    ShownContract {
        name: "Contract".to_owned(),
        account_name: Some("Account".to_owned()),
        contract_type: Some("Recurring Services".to_owned()),
        active: Some(true),
        billing_cycle: Some("Yearly".to_owned()),
        start: Some(date(2025, 3, 1)),
        end: None,
        total: Some(35.0),
    }
}

fn looked_up() -> ShownContract {
    ShownContract { name: "Contract".to_owned(), active: Some(true), ..ShownContract::default() }
}

fn work_on(content: &v1::JobContent, contract: i32) -> &v1::ContractWork {
    let of = content.contracts.iter().find(|work| work.contract_id == Some(contract));
    of.unwrap_or_else(|| panic!("nothing is to be done on {contract}: {content:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_amid_a_survey_loses_and_repeats_nothing() {
    let world = World::running().await;
    world.partner("p1", 3).await;
    world.make_survey(&[101, 102, 103]).await;
    let (first, content) = world.started("w1").await;
    let survey = content.survey.expect("a survey");
    assert_eq!((survey.from_page, survey.contract_ids), (Some(1), vec![101, 102, 103]));
    let service =
        v1::MappedService { service_id: Some(SERVICE), service_name: "Password manager".to_owned() };
    assert_eq!(survey.services, [service]);
    assert!(content.contracts.is_empty());
    world.survey_done(&first, SurveyEnd::GoesOn(2), &[world.seen(101, by_page())], &[]).await;

    let killed = world.start_and_fall_silent().await;
    let (third, content) = world.started("w2").await;
    let survey = content.survey.expect("a survey");
    assert_eq!(
        (survey.from_page, survey.contract_ids),
        (Some(2), vec![102, 103]),
        "what was told is not seen again"
    );
    assert_eq!(third.attempt, Some(3));
    // It wakes after all: what it saw is true, but the ledger no longer belongs to it.
    world.survey_done(&killed, SurveyEnd::Seen, &[world.seen(102, by_page())], &[]).await;
    assert_eq!(world.start(&killed, "w1").await, Err(RefusalReason::Superseded));
    assert_eq!(world.text("state from jobs").await.as_deref(), Some("started"), "the survey still goes on");

    world.survey_done(&third, SurveyEnd::Seen, &[world.seen(103, by_page())], &[]).await;
    let (_, content) = world.started("w3").await;
    let told: Vec<_> = content.contracts.iter().map(|work| work.contract_id).collect();
    assert_eq!(told, [Some(101), Some(102), Some(103)], "each once");
    assert!(content.contracts.iter().all(|work| work.seen.is_some()));
    world.nothing_else_is_due().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_told_what_the_runs_survey_saw_and_whether_a_person_has_chosen_how_a_contract_is_billed() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    world.run("insert into contract_billing values ('p1', 102, 'advance')").await;
    world.make_survey(&[101, 102]).await;
    let (ticket, _) = world.started("w1").await;
    let (service, state, seen_at) = (ServiceId(SERVICE), ServiceState::Inactive, world.clock.now());
    let contracts = [world.seen(101, by_page()), world.seen(102, looked_up())];
    let services = [SeenService { service, state, seen_at }];
    world.survey_done(&ticket, SurveyEnd::Seen, &contracts, &services).await;
    let (_, content) = world.started("w2").await;
    let (first, second) = (work_on(&content, 101), work_on(&content, 102));
    let seen = first.seen.clone().expect("it was seen");
    assert_eq!(
        (seen.billing_cycle.as_deref(), seen.start_date.as_deref()),
        (Some("Yearly"), Some("2025-03-01"))
    );
    assert_eq!((seen.total, &first.last_seen), (Some(35.0), &None));
    assert_eq!((first.billing_chosen, second.billing_chosen), (Some(false), Some(true)));
    let service = first.targets[0].service_seen.clone().expect("it was seen");
    assert_eq!((service.service_id, service.state.as_str()), (Some(SERVICE), "inactive"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_that_is_given_up_leaves_each_contract_to_be_looked_up() {
    let world = World::running().await;
    world.partner("p1", 2).await;
    world.make_survey(&[101, 102]).await;
    let (ticket, _) = world.started("w1").await;
    world.survey_done(&ticket, SurveyEnd::GivenUp, &[], &[]).await;
    let (_, content) = world.started("w2").await;
    for contract in [101, 102] {
        let work = work_on(&content, contract);
        assert_eq!((&work.seen, &work.last_seen, &work.targets[0].service_seen), (&None, &None, &None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d_12_what_hardly_changes_of_a_contract_outlasts_look_ups_and_later_runs_are_told_of_it() {
    let world = World::running().await;
    world.partner("p1", 1).await;
    for shown in [by_page(), looked_up()] {
        world.make_survey(&[101]).await;
        let (ticket, _) = world.started("w1").await;
        let service = SeenService {
            service: ServiceId(SERVICE),
            state: ServiceState::NotShown,
            seen_at: world.clock.now(),
        };
        world.survey_done(&ticket, SurveyEnd::Seen, &[world.seen(101, shown)], &[service]).await;
        let (ticket, _) = world.started("w2").await;
        world.done(&ticket, LoginOutcome::NotTried).await;
        world
            .run(&format!("update runs set state = 'finished', finished_at = '{}'", world.clock.now()))
            .await;
    }
    let run = world.make_run("p1").await;
    world.make_job(&run, &[101]).await;
    let (_, content) = world.started("w3").await;
    let work = work_on(&content, 101);
    assert_eq!(work.seen, None, "this run has no survey");
    assert_eq!(work.targets[0].service_seen, None, "nor has it looked at the services");
    let last = work.last_seen.clone().expect("an earlier run's");
    assert_eq!(last.contract_type.as_deref(), Some("Recurring Services"));
    assert_eq!(
        (last.billing_cycle.as_deref(), last.start_date.as_deref()),
        (Some("Yearly"), Some("2025-03-01"))
    );
    assert_eq!((last.account_name, last.total), (None, None), "these it shows no more");
}
