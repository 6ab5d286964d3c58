#![doc = include_str!("../README.md")]

mod admin;
mod behaviour;
mod builder;
mod call;
mod chance;
mod change;
mod changes;
mod clock;
mod connection;
mod contract_status;
mod data_file;
mod endpoint;
mod faults;
mod fields;
mod inside;
mod invoices;
mod latency;
mod limits;
mod line_writes;
mod month_end;
mod proration;
mod random_state;
mod refusal;
mod reply;
mod routes;
mod rows;
mod script;
mod sent;
mod server;
mod serving;
mod sessions;
mod state;
mod step;
mod tenant;
mod unit_write;
mod v1;
mod v2;

pub use behaviour::{
    Behaviour, Casing, ContractPrices, Counted, IdsBinding, Invoicing, LatencyBehaviour, LimitBehaviour,
    LineBehaviour, LineForm, ListBehaviour, LoginBehaviour, LoginRefusal, ProfileError, Prorations,
    RetryAfter, Right, Role, StoredDate, TokenRefusal, WriteBody,
};
pub use builder::Builder;
pub use change::Change;
pub use changes::{ChangeError, NoSuchThing};
pub use clock::Clock;
pub use contract_status::ContractStatus;
pub use data_file::{DataError, is_toml};
pub use endpoint::Endpoint;
pub use faults::{Fault, Hold, HoldAt};
pub use invoices::{Billing, ChargeKind, Invoice, InvoiceLine, InvoicedPeriod, Posting};
pub use latency::Latency;
pub use line_writes::{NewLine, WriteRefused};
pub use server::{Running, Simulator, StartError};
pub use sessions::Logins;
pub use state::{Account, Contract, ContractTerms, InForce, Line, Login, Service, State};
pub use step::{Calls, Step};
pub use unit_write::UnitWrite;
