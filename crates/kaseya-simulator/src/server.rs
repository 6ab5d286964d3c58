//! The simulator as a running server, with the controls for tests.

use std::{collections::BTreeMap, io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::ConnectInfo,
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Change, ChangeError, Clock, DataError, Endpoint, Fault, Hold, HoldAt, Invoice, Logins, State, UnitWrite,
    admin,
    call::Call,
    connection::{Door, Switch},
    endpoint::Api,
    inside::Inside,
    limits::Limits,
    tenant::{Outcome, Tenant},
};

/// A simulator that has not started yet.
#[derive(Debug)]
pub struct Simulator {
    state: State,
    clock: Clock,
    file: Option<PathBuf>,
    limited: bool,
    admin: Option<SocketAddr>,
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is in use, or does not belong to this machine.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The state cannot be stored.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl Simulator {
    /// A Kaseya with this state, with the real one's hourly call limits.
    pub fn new(state: State, clock: Clock) -> Self {
        Self { state, clock, file: None, limited: true, admin: None }
    }

    /// Stores the state in this file, at the start and after each change.
    pub fn keep_in(mut self, file: PathBuf) -> Self {
        self.file = Some(file);
        self
    }

    /// Accepts any number of calls.
    pub fn without_call_limits(mut self) -> Self {
        self.limited = false;
        self
    }

    /// Lets other programs set state, switches and faults over HTTP on this address, which is not one of Kaseya's.
    pub fn administered_on(mut self, address: SocketAddr) -> Self {
        self.admin = Some(address);
        self
    }

    /// Serves plain HTTP on this address; port 0 picks a free one.
    ///
    /// # Errors
    /// An address cannot be listened on, or the state cannot be stored.
    pub async fn start(self, address: SocketAddr) -> Result<Running, StartError> {
        if let Some(file) = &self.file {
            self.state.save(file)?;
        }
        let (listener, bound) = listen(address).await?;
        let admin = match self.admin {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let limits = self.limited.then(Limits::default);
        let inside = Inside::new(self.state, self.clock.now(), limits, self.file);
        let tenant = Arc::new(Tenant::new(inside, self.clock));
        tracing::info!(address = %bound, "Kaseya simulator listens");
        let door = |listener| Door { listener, closing: tenant.closing.clone() };
        let mut tasks = vec![serve(door(listener), calls(Arc::clone(&tenant)))];
        let admin_address = admin.as_ref().map(|(_, bound)| *bound);
        if let Some((listener, bound)) = admin {
            tracing::info!(address = %bound, "it is administered");
            tasks.push(serve(door(listener), admin::router(Arc::clone(&tenant))));
        }
        Ok(Running { address: bound, admin_address, tenant, tasks })
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |cause| StartError::Listen { address, cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn serve(door: Door, router: Router) -> JoinHandle<()> {
    let closed = door.closing.clone().cancelled_owned();
    let server = axum::serve(door, router.into_make_service_with_connect_info::<Switch>())
        .with_graceful_shutdown(closed);
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the simulator's server ended");
        }
    })
}

/// Everything that Kaseya's own port serves.
fn calls(tenant: Arc<Tenant>) -> Router {
    let handler = async move |ConnectInfo(connection): ConnectInfo<Switch>,
                              method: Method,
                              uri: Uri,
                              headers: HeaderMap,
                              body: Bytes| {
        let found = tenant.inside().state.behaviour.endpoint(method.as_str(), uri.path());
        let Some((endpoint, ids)) = found else {
            return tenant.nothing_there(Api::of_path(uri.path()));
        };
        let call = Call::new(endpoint, ids, uri.query().unwrap_or_default(), &headers, body);
        let closing = tenant.closing.clone();
        let tenant = Arc::clone(&tenant);
        // A task of its own: the call must complete even if its caller gives up.
        match tokio::spawn(async move { tenant.answer(call).await }).await {
            Ok(Outcome::Answer(response)) => response,
            Ok(Outcome::Silence) => {
                closing.cancelled().await;
                closed(&connection)
            }
            Ok(Outcome::Closed) | Err(_) => closed(&connection),
        }
    };
    Router::new().fallback(handler)
}

fn closed(connection: &Switch) -> Response {
    connection.close();
    // Never sent: the connection fails before its first byte.
    ().into_response()
}

/// A simulator that serves calls. Dropping it closes all its connections.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    tenant: Arc<Tenant>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// The listen address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The admin address, if there is one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// The base URL of both V1 and V2, without a trailing slash.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The simulated clock.
    pub fn clock(&self) -> &Clock {
        &self.tenant.clock
    }

    /// The tenant's current state.
    pub fn state(&self) -> State {
        self.tenant.inside().state.clone()
    }

    /// Edits the tenant by hand, as a person on Kaseya's pages would. The history does not record it.
    ///
    /// # Errors
    /// The state cannot be stored in its file; nothing is changed then.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut State) -> T) -> Result<T, DataError> {
        self.tenant.inside().change(|state| Ok(edit(state)))
    }

    /// Applies a person's action on Kaseya's pages.
    ///
    /// # Errors
    /// Its object was not found, or the state cannot be stored; nothing is changed then.
    pub fn apply(&self, change: &Change) -> Result<(), ChangeError> {
        self.tenant.inside().apply(change)
    }

    /// Waits until the condition holds, checking again after each change.
    pub async fn until(&self, so: impl Fn(&State) -> bool) {
        let mut changed = self.tenant.inside().changed.subscribe();
        while !so(&self.tenant.inside().state) {
            changed.changed().await.expect("the sender lives in the tenant, which this handle holds");
        }
    }

    /// Every write of a line through the API, oldest first.
    pub fn history(&self) -> Vec<UnitWrite> {
        self.tenant.inside().state.history.clone()
    }

    /// The month end of this day's month, as [`State::invoice`].
    ///
    /// # Errors
    /// The state cannot be stored in its file; nothing is invoiced then.
    pub fn invoice(&self, month: Date) -> Result<Vec<Invoice>, DataError> {
        let now = self.clock().now();
        self.edit(|state| state.invoice(month, now))
    }

    /// The number of calls per endpoint since the start or the last reset, including refused and failed ones.
    pub fn calls(&self) -> BTreeMap<Endpoint, u64> {
        self.tenant.inside().calls.clone()
    }

    /// Resets the count of calls, including the script's, to 0.
    pub fn reset_calls(&self) {
        self.tenant.inside().calls.clear();
    }

    /// The number of login attempts.
    pub fn logins(&self) -> Logins {
        self.tenant.inside().sessions.logins
    }

    /// How often the user was locked because of failed logins.
    pub fn locked_out(&self) -> u64 {
        self.tenant.inside().sessions.locked_out
    }

    /// Revokes all tokens of V2 and V1 at once; logins still work.
    pub fn revoke_tokens(&self) {
        self.tenant.inside().sessions.revoke();
    }

    /// Makes the nth next call of an endpoint fail; 1 is the next one.
    pub fn fail(&self, endpoint: Endpoint, nth: u32, fault: Fault) {
        self.tenant.inside().prepared.fail(endpoint, nth, fault);
    }

    /// Holds the nth next call of an endpoint; 1 is the next one.
    pub fn hold(&self, endpoint: Endpoint, nth: u32, at: HoldAt) -> Hold {
        self.tenant.inside().prepared.hold(endpoint, nth, at)
    }

    /// Closes all connections and waits until the address is free again.
    pub async fn stop(mut self) {
        self.tenant.closing.cancel();
        for task in &mut self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "the simulator's server ended");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tenant.closing.cancel();
    }
}
