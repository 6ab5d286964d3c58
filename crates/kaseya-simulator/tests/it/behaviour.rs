//! Every switch of a tenant's behaviour, as a client sees it.

use jiff::SignedDuration;
use kaseya_simulator::{Behaviour, Casing, LoginRefusal, RetryAfter, Right, Running, State, TokenRefusal};
use serde_json::{Value, json};

use crate::http::{
    Answer, LINE, LINES, RIGHT, Request, behaving, line_with_units, put_units, simulator, small, v1_login,
    v1_token, v2_login, v2_token,
};

const SUMMARY: &str = "/v2/finance/contracts/summary";
const WRONG: [&str; 3] = [RIGHT[0], "wrong", RIGHT[2]];

async fn send(kaseya: &Running, request: Request) -> Answer {
    request.send(kaseya.address()).await.unwrap()
}

#[tokio::test]
async fn five_failures_in_a_row_lock_the_user_for_half_an_hour_and_nothing_tells() {
    let kaseya = simulator(small()).await;
    for _ in 0..4 {
        send(&kaseya, v2_login(WRONG)).await;
    }
    assert_eq!(send(&kaseya, v2_login(RIGHT)).await.status, 200);
    for _ in 0..3 {
        send(&kaseya, v2_login(WRONG)).await;
    }
    let refused = send(&kaseya, v2_login(WRONG)).await;
    assert_eq!(kaseya.locked_out(), 0, "a right login begins the count again");
    send(&kaseya, v1_login(WRONG)).await;
    assert_eq!(kaseya.locked_out(), 1);
    let locked = send(&kaseya, v2_login(RIGHT)).await;
    assert_eq!((locked.status, locked.text), (401, refused.text));
    kaseya.clock().advance(SignedDuration::from_mins(30) - SignedDuration::from_secs(1));
    assert_eq!(send(&kaseya, v1_login(RIGHT)).await.status, 400);
    kaseya.clock().advance(SignedDuration::from_secs(1));
    assert_eq!(send(&kaseya, v2_login(RIGHT)).await.status, 200);
}

#[tokio::test]
async fn refused_logins_look_as_they_are_told_to() {
    for (refusal, status) in
        [(LoginRefusal::Unauthorized, 401), (LoginRefusal::BadRequest, 400), (LoginRefusal::Ok, 200)]
    {
        let kaseya = behaving(|behaviour| behaviour.login.refusal = refusal).await;
        let answer = send(&kaseya, v2_login(WRONG)).await;
        assert_eq!((answer.status, &answer.json()["success"]), (status, &json!(false)));
    }
}

async fn words_of_refusal(login: [&str; 3], set: impl Fn(&mut Behaviour)) -> (String, String) {
    let told = async |says_which| {
        let kaseya = behaving(|behaviour| {
            set(behaviour);
            behaviour.login.says_which = says_which;
        })
        .await;
        let answer = send(&kaseya, v2_login(login)).await;
        assert_eq!(answer.status, 401);
        answer.json()["error"]["message"].as_str().unwrap().to_owned()
    };
    (told(true).await, told(false).await)
}

#[tokio::test]
async fn kaseya_says_which_only_when_told_to() {
    let other = [RIGHT[0], RIGHT[1], "Another MSP"];
    let seen = [
        words_of_refusal(WRONG, |_| ()).await,
        words_of_refusal(other, |_| ()).await,
        words_of_refusal(RIGHT, |behaviour| behaviour.login.locked = true).await,
        words_of_refusal(RIGHT, |behaviour| behaviour.login.password_expired = true).await,
        words_of_refusal(RIGHT, |behaviour| behaviour.login.second_factor = Some("123456".to_owned())).await,
        words_of_refusal(RIGHT, |behaviour| behaviour.role.without_api_access = true).await,
    ];
    let finer = [
        "Invalid user name or password",
        "Invalid company name",
        "The user is locked",
        "The password has expired",
        "Multi-factor authentication code is required",
        "The user's role does not have API access",
    ];
    assert_eq!(seen, finer.map(|words| (words.to_owned(), "Invalid credentials".to_owned())));
}

#[tokio::test]
async fn a_second_factor_opens_v2_and_v1_can_refuse_alone() {
    let kaseya = behaving(|behaviour| behaviour.login.second_factor = Some("123456".to_owned())).await;
    let mut with_code = v2_login(RIGHT);
    with_code.body += "&MFACode=123456";
    assert_eq!(send(&kaseya, with_code).await.status, 200);

    let kaseya = behaving(|behaviour| behaviour.login.v1_refuses = true).await;
    assert_eq!(send(&kaseya, v2_login(RIGHT)).await.status, 200);
    assert_eq!(send(&kaseya, v1_login(RIGHT)).await.status, 400);
}

#[tokio::test]
async fn a_missing_right_looks_like_a_wrong_token_or_says_forbidden() {
    for (forbidden, status) in [(false, 401), (true, 403)] {
        let kaseya = behaving(|behaviour| {
            behaviour.role.says_forbidden = forbidden;
            behaviour.role.lacks_on_v2 = [Right::ViewContracts, Right::ViewServices].into();
            behaviour.role.lacks_on_v1 = [Right::ModifyContracts].into();
        })
        .await;
        let (v1, v2) = (v1_token(&kaseya).await, v2_token(&kaseya).await);
        let read =
            async |target: &str, token: &str| send(&kaseya, Request::get(target).token(token)).await.status;
        assert_eq!(read(SUMMARY, &v2).await, status);
        assert_eq!(read("/v2/admin/finance/services/lookup", &v2).await, status);
        assert_eq!(read("/v2/crm/accounts/lookup", &v2).await, 200);
        assert_eq!(read(LINES, &v1).await, 200);
        assert_eq!(send(&kaseya, put_units(&kaseya, &v1, 14).await).await.status, status);
        assert_eq!(kaseya.history(), []);
    }
}

#[tokio::test]
async fn tokens_end_when_they_are_told_to() {
    let kaseya = behaving(|behaviour| {
        behaviour.login.access_minutes = 1;
        behaviour.token_refusal = TokenRefusal::Html;
    })
    .await;
    let token = v2_token(&kaseya).await;
    kaseya.clock().advance(SignedDuration::from_mins(1));
    let ended = send(&kaseya, Request::get(SUMMARY).token(&token)).await;
    assert_eq!((ended.status, ended.content_type.starts_with("text/html")), (401, true));
    let (v1, v2) = (v1_token(&kaseya).await, v2_token(&kaseya).await);
    kaseya.revoke_tokens();
    assert_eq!(send(&kaseya, Request::get(SUMMARY).token(&v2)).await.status, 401);
    assert_eq!(send(&kaseya, Request::get(LINES).token(&v1)).await.status, 401);
}

#[tokio::test]
async fn names_come_in_pascal_case_when_told_to() {
    let kaseya = behaving(|behaviour| behaviour.casing = Casing::Pascal).await;
    let login = send(&kaseya, v2_login(RIGHT)).await.json();
    let token = login["Result"]["AccessToken"].as_str().unwrap();
    let answer = send(&kaseya, Request::get(SUMMARY).token(token)).await.json();
    assert_eq!((&answer["Success"], &answer["Result"][0]["Id"]), (&json!(true), &json!(5012)));
    assert_eq!(answer.get("success"), None);
}

fn ids(answer: &Value) -> Vec<i64> {
    answer["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn lists_shift_are_short_repeat_and_lack_totals_when_told_to() {
    let mut state = State::builder().account(301, "One");
    for contract in 1..=5 {
        state = state.contract(contract, 301, "Contract");
    }
    let kaseya = simulator(state.build()).await;
    let token = v2_token(&kaseya).await;
    let page = async |query: &str| {
        send(&kaseya, Request::get(&format!("{SUMMARY}?{query}")).token(&token)).await.json()
    };
    kaseya.edit(|state| state.behaviour.lists.shifting_order = true).unwrap();
    assert_ne!(ids(&page("").await), ids(&page("").await));
    assert_eq!(ids(&page("Sort=Id").await), [1, 2, 3, 4, 5]);
    kaseya.edit(|state| state.behaviour.lists.largest_page = Some(2)).unwrap();
    assert_eq!(ids(&page("Sort=Id&PageNumber=2").await), [3, 4]);
    kaseya.edit(|state| state.behaviour.lists.duplicate_rows = true).unwrap();
    assert_eq!(ids(&page("Sort=Id&PageNumber=2").await), [3, 4, 4]);
    assert_eq!(page("").await["totalRecords"], 5);
    kaseya.edit(|state| state.behaviour.lists.without_totals = true).unwrap();
    assert_eq!(page("").await.get("totalRecords"), None);
}

#[tokio::test]
async fn the_limit_says_when_to_come_again_when_told_to() {
    for (retry_after, said) in [
        (RetryAfter::Seconds, "retry-after: 3600"),
        (RetryAfter::Date, "retry-after: Sun, 01 Mar 2026 12:00:00 GMT"),
    ] {
        let kaseya = behaving(|behaviour| {
            behaviour.limits.v2_per_hour = 1;
            behaviour.limits.retry_after = retry_after;
            behaviour.limits.html = true;
        })
        .await;
        let token = v2_token(&kaseya).await;
        let read = Request::get(SUMMARY).token(&token);
        assert_eq!(send(&kaseya, read.clone()).await.status, 200);
        let refused = send(&kaseya, read).await;
        assert_eq!((refused.status, refused.content_type.starts_with("text/html")), (429, true));
        assert!(refused.head.contains(said), "{}", refused.head);
    }
}

#[tokio::test]
async fn lines_are_off_cut_or_refuse_zero_when_told_to() {
    let kaseya = behaving(|behaviour| {
        behaviour.lines.truncates_fractions = true;
        behaviour.lines.refuses_zero = true;
    })
    .await;
    let token = v1_token(&kaseya).await;
    let put = async |units: Value| {
        let line = line_with_units(&kaseya, &token, units).await;
        send(&kaseya, Request::json("PUT", LINE, &line).token(&token)).await
    };
    assert_eq!(put(json!(7.9)).await.json()["Result"]["Units"], json!(7.0));
    assert_eq!(put(json!(0)).await.json()["Error"], json!("Units must not be zero"));
    kaseya.edit(|state| state.behaviour.lines.off = true).unwrap();
    assert_eq!(send(&kaseya, Request::get(LINES).token(&token)).await.status, 404);
}

#[tokio::test]
async fn units_with_a_date_to_come_show_at_once_or_from_their_day_on() {
    for (waits, until_then) in [(false, (14.0, 64.0)), (true, (12.0, 57.0))] {
        let kaseya = behaving(|behaviour| behaviour.lines.waits_for_effective_date = waits).await;
        let shown = async || {
            let (v1, v2) = (v1_token(&kaseya).await, v2_token(&kaseya).await);
            let lines = send(&kaseya, Request::get(LINES).token(&v1)).await.json();
            let total = send(&kaseya, Request::get(SUMMARY).token(&v2)).await.json();
            let units = lines["Result"][0]["Units"].as_f64().unwrap();
            (units, total["result"][0]["contractBillingPrice"].as_f64().unwrap())
        };
        let token = v1_token(&kaseya).await;
        let mut line = line_with_units(&kaseya, &token, json!(14)).await;
        line["EffectiveDate"] = json!("2026-04-01T00:00:00");
        assert_eq!(send(&kaseya, Request::json("PUT", LINE, &line).token(&token)).await.status, 200);
        assert_eq!(shown().await, until_then);
        kaseya.clock().set("2026-03-31T21:59:59Z".parse().unwrap());
        assert_eq!(shown().await, until_then);
        kaseya.clock().set("2026-03-31T22:00:00Z".parse().unwrap());
        assert_eq!(shown().await, (14.0, 64.0));
    }
}

#[tokio::test]
async fn a_line_that_counts_itself_is_overwritten_at_midnight() {
    let kaseya = simulator(small()).await;
    kaseya.edit(|state| state.line_mut(5012, 90021).unwrap().counts_itself = Some(12.0)).unwrap();
    let token = v1_token(&kaseya).await;
    send(&kaseya, put_units(&kaseya, &token, 14).await).await;
    kaseya.clock().set("2026-03-01T22:59:59Z".parse().unwrap());
    assert_eq!(kaseya.state().lines(5012).unwrap()[0].units, 14.0);
    kaseya.clock().set("2026-03-01T23:00:00Z".parse().unwrap());
    assert_eq!(kaseya.state().lines(5012).unwrap()[0].units, 12.0);
}

#[tokio::test]
async fn accounts_that_the_role_hides_are_in_no_list() {
    let kaseya = behaving(|behaviour| behaviour.role.hidden_accounts = [301].into()).await;
    let token = v2_token(&kaseya).await;
    let answer = send(&kaseya, Request::get("/v2/crm/accounts/lookup").token(&token)).await;
    assert_eq!(answer.json()["result"], json!([]));
}

#[test]
fn a_file_that_names_no_switch_has_the_defaults_and_a_misspelt_one_is_refused() {
    assert_eq!(serde_json::from_str::<Behaviour>("{}").unwrap(), Behaviour::default());
    let some: Behaviour = serde_json::from_str(r#"{"login": {"says_which": true}}"#).unwrap();
    assert!(some.login.says_which && some.login.locks_after == 5);
    let error = serde_json::from_str::<Behaviour>(r#"{"login": {"sayswhich": true}}"#).unwrap_err();
    assert!(error.to_string().contains("sayswhich"), "{error}");
}
