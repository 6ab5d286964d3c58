//! The rules of the sync as pure functions: wanted units, changes, their timing, and the holds on them.
//!
//! No I/O and no async runtime: time is passed in as a value or through [`Clock`], randomness through [`Entropy`].
//! The vocabulary is that of the requirements: partner, company, product, account, service, contract, line, target,
//! run, job, change.

mod answer_fault;
mod attempt_end;
mod billing_rule;
mod brake;
mod breaker;
mod call_budget;
mod catch_up;
mod change;
mod clock;
mod company_outcome;
mod contract_read;
mod contract_words;
mod count;
mod count_time;
mod decided_change;
mod drift;
mod effective_date;
mod entropy;
mod error_code;
mod evidence;
mod expected;
mod failure;
mod full_read;
mod glance;
mod held_change;
mod ids;
mod integration;
mod invoice_day;
mod invoice_outlook;
mod invoice_zones;
mod kaseya_identity;
mod lasting_outcome;
mod leftover;
mod local_time;
mod login;
mod month;
mod month_end;
mod password_age;
mod plan;
mod plan_switch;
mod probe;
mod ready;
mod registrable_domain;
mod remark;
mod retry;
mod role;
mod run;
mod schedule;
mod security_event;
mod seen_line;
mod seen_service;
mod settled_intent;
mod shown_contract;
mod slice;
mod status;
mod target;
mod target_shares;
mod text;
mod total;
mod waiting;

pub use answer_fault::AnswerFault;
pub use attempt_end::{LeftOver, OutcomeSource, SurveyEnd};
pub use billing_rule::BillingRule;
pub use brake::{Brake, Brakes, RunBrake};
pub use breaker::{Admission, Breaker, BreakerPolicy};
pub use call_budget::{Budget, Calls};
pub use catch_up::{DueRun, MAX_MISSED, due};
pub use change::Change;
pub use clock::{Clock, NOTABLE_SKEW, SystemClock};
pub use company_outcome::{CompanyOutcome, ProductOutcome};
pub use contract_read::ContractRead;
pub use contract_words::{is_not_monthly, is_recurring_services};
pub use count::{CountBasis, KnownCounts, UserCount, choose_count};
pub use count_time::{CLOCK_TOLERANCE, CountTimeError, check_count_time, day_begins};
pub use decided_change::DecidedChange;
pub use drift::{ChangedField, DriftPolicy, Pending, Remembered, Rewrite, Sight, Undated};
pub use effective_date::{Billing, effective_date, has_begun_everywhere, later_start};
pub use entropy::Entropy;
pub use error_code::{ErrorCode, Level};
pub use evidence::Evidence;
pub use expected::would_change;
pub use failure::FailureClass;
pub use full_read::{READ_EVERY, full_read_window, lines_count_since, read_is_due};
pub use glance::{Found, Glance, KnownContract, KnownLine, KnownTarget, Seen, glance};
pub use held_change::{HeldChange, HoldState};
pub use ids::{
    AccountId, CompanyId, ContractId, HoldId, IdError, IntentId, JobId, LineId, MemberId, PairId, PartnerId,
    ProductId, ReportId, RequestId, RunId, ServiceId, TokenId,
};
pub use integration::{Credentials, IntegrationSettings, IntegrationState, NumberOutOfRange, NumberSetting};
pub use invoice_day::InvoiceDay;
pub use invoice_outlook::{InvoiceOutlook, InvoiceTiming};
pub use invoice_zones::InvoiceZones;
pub use kaseya_identity::{KaseyaAddress, are_kaseyas_own, called_host, called_path, is_name_of, plain_name};
pub use leftover::plan_leftover;
pub use login::{
    LOCK_WAIT, LOGIN_WAIT, LoginAccount, LoginOutcome, LoginPermission, LoginTry, NextTry, RefusedLogin,
};
pub use month::Month;
pub use month_end::{FreezeCause, MonthEnd, MonthPhase, invoiced_month, last_invoiced_at, window_end};
pub use password_age::{PASSWORD_DAYS, PASSWORD_STEPS, PasswordWarning, password_warning};
pub use plan::{Decision, Line, PlanContext, plan_target};
pub use plan_switch::{
    LeftBehind, PlanSwitch, PlanSwitches, SeenShares, SwitchTarget, decide_together, line_of, plan_switches,
    wait_for_person,
};
pub use probe::probe_due;
pub use ready::{CompanyReadiness, NotReady, PartnerReadiness, not_ready};
pub use registrable_domain::registrable_domain;
pub use remark::{FieldChange, OldLine, Remark};
pub use retry::{Backoff, UNSURE_FOR};
pub use role::Role;
pub use run::{JobKind, JobState, MAX_ATTEMPTS, RunMode, RunState, Trigger};
pub use schedule::{Frequency, Occurrence, Schedule, ScheduleError, Weekday, spread_offset};
pub use security_event::SecurityEventKind;
pub use seen_line::SeenLine;
pub use seen_service::{SeenService, ServiceState};
pub use settled_intent::{IntentResult, SettledIntent};
pub use shown_contract::{SeenContract, ShownContract};
pub use slice::{
    MAX_COUNTS, MAX_SLICE_BYTES, MAX_TARGETS, halve, halve_of_kin, slices, slices_of_kin, weight,
};
pub use status::{CompanyState, Outcome, ProductState, aggregate, seen_equal, worst_state};
pub use target::{Addend, MAX_UNITS, Wanted, wanted_units};
pub use target_shares::{Share, TargetShares};
pub use text::{
    MAX_NAME, MAX_NOTE, Text, TextError, check_text, fit_text, is_hidden, push_shown, shown_text,
};
pub use total::{ExpectedTotal, LEAST_MOVE, UnconfirmedChange, is_same_total, total_tells};
pub use waiting::{Wait, WaitReason};
