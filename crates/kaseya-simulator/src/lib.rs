//! A Kaseya BMS that can be run: accounts, services, contracts, lines, history, and faults on demand.
//!
//! It holds real state: what is written is what is read afterwards. It knows nothing of the client that calls it,
//! so that the two cannot share a mistake; both are tested against `proto-schemas/kaseya-bms.calls.json`, and what
//! it shows of V2 against the vendor's own description. What nobody has published (V1's contract routes, the words
//! of most refusals) is guessed, and marked as a guess in that file.
//!
//! ```no_run
//! # async fn example() -> Result<(), kaseya_simulator::StartError> {
//! use kaseya_simulator::{Clock, Endpoint, HoldAt, Simulator, State};
//!
//! let state = State::builder()
//!     .account(301, "Panificio Niccolò")
//!     .service(701, "Password Boss Standard", 3.5)
//!     .contract(5012, 301, "Managed services")
//!     .line(90021, 701, 12.0)
//!     .build();
//! let clock = Clock::standing(jiff::Timestamp::UNIX_EPOCH);
//! let kaseya = Simulator::new(state, clock).start(([127, 0, 0, 1], 0).into()).await?;
//! let write = kaseya.hold(Endpoint::WriteLine, 1, HoldAt::AfterApply);
//! write.reached().await; // the write is applied, and its caller still waits for an answer
//! write.release();
//! # Ok(())
//! # }
//! ```

mod behaviour;
mod builder;
mod call;
mod clock;
mod connection;
mod data_file;
mod endpoint;
mod faults;
mod invoices;
mod limits;
mod proration;
mod random_state;
mod rows;
mod server;
mod sessions;
mod state;
mod tenant;
mod v1;
mod v2;

pub use behaviour::{
    Behaviour, Casing, LimitBehaviour, LineBehaviour, ListBehaviour, LoginBehaviour, LoginRefusal,
    RetryAfter, Right, Role, TokenRefusal,
};
pub use builder::Builder;
pub use clock::Clock;
pub use data_file::DataError;
pub use endpoint::Endpoint;
pub use faults::{Fault, Hold, HoldAt};
pub use invoices::{Billing, ChargeKind, Invoice, InvoiceLine, InvoicedPeriod};
pub use server::{Running, Simulator, StartError};
pub use sessions::Logins;
pub use state::{
    Account, Contract, ContractStatus, InForce, Line, Login, Service, State, UnitWrite, WriteRefused,
};
