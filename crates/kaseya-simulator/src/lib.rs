#![doc = include_str!("../README.md")]

mod admin;
mod behaviour;
mod builder;
mod call;
mod chance;
mod changes;
mod clock;
mod connection;
mod data_file;
mod endpoint;
mod faults;
mod inside;
mod invoices;
mod latency;
mod limits;
mod line_writes;
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
mod tenant;
mod v1;
mod v2;

pub use behaviour::{
    Behaviour, Casing, ContractPrices, Counted, IdsBinding, Invoicing, LatencyBehaviour, LimitBehaviour,
    LineBehaviour, LineForm, ListBehaviour, LoginBehaviour, LoginRefusal, ProfileError, Prorations,
    RetryAfter, Right, Role, StoredDate, TokenRefusal, WriteBody,
};
pub use builder::Builder;
pub use changes::{Change, ChangeError, NoSuchThing};
pub use clock::Clock;
pub use data_file::{DataError, is_toml};
pub use endpoint::Endpoint;
pub use faults::{Fault, Hold, HoldAt};
pub use invoices::{Billing, ChargeKind, Invoice, InvoiceLine, InvoicedPeriod, Posting};
pub use latency::Latency;
pub use line_writes::{NewLine, UnitWrite, WriteRefused};
pub use script::{Calls, Step};
pub use server::{Running, Simulator, StartError};
pub use sessions::Logins;
pub use state::{Account, Contract, ContractStatus, ContractTerms, InForce, Line, Login, Service, State};
