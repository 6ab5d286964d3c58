//! The simulator as a running server, and what a test may do to it.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};

use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, Path, RawQuery},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{MethodRouter, on},
};
use jiff::civil::Date;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    Clock, DataError, Endpoint, Fault, Hold, HoldAt, Invoice, Logins, State, UnitWrite,
    call::Call,
    connection::{Door, Switch},
    limits::Limits,
    tenant::{Inside, Tenant},
};

/// A simulator that is not started yet.
#[derive(Debug)]
pub struct Simulator {
    state: State,
    clock: Clock,
    file: Option<PathBuf>,
    limited: bool,
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The state cannot be kept.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl Simulator {
    /// A Kaseya that holds this state, with the hourly call limits of the real one.
    pub fn new(state: State, clock: Clock) -> Self {
        Self { state, clock, file: None, limited: true }
    }

    /// Keeps the state in this file: written at the start and after each change.
    pub fn keep_in(mut self, file: PathBuf) -> Self {
        self.file = Some(file);
        self
    }

    /// Takes any number of calls.
    pub fn without_call_limits(mut self) -> Self {
        self.limited = false;
        self
    }

    /// Serves plain HTTP on this address; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be listened on or the state cannot be kept.
    pub async fn start(self, address: SocketAddr) -> Result<Running, StartError> {
        if let Some(file) = &self.file {
            self.state.save(file)?;
        }
        let failed = |cause| StartError::Listen { address, cause };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let limits = self.limited.then(Limits::default);
        let inside = Inside::new(self.state, self.clock.now(), limits, self.file);
        let tenant = Arc::new(Tenant::new(inside, self.clock));
        let mut router = Router::new();
        for endpoint in Endpoint::ALL {
            router = router.route(endpoint.route(), route(Arc::clone(&tenant), endpoint));
        }
        let door = Door { listener, closing: tenant.closing.clone() };
        let closed = tenant.closing.clone().cancelled_owned();
        let server = axum::serve(door, router.into_make_service_with_connect_info::<Switch>())
            .with_graceful_shutdown(closed);
        let task = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the simulator's server ended");
            }
        });
        tracing::info!(address = %bound, "Kaseya simulator listens");
        Ok(Running { address: bound, tenant, task })
    }
}

fn route(tenant: Arc<Tenant>, endpoint: Endpoint) -> MethodRouter {
    let handler = move |ConnectInfo(connection): ConnectInfo<Switch>,
                        Path(path): Path<HashMap<String, String>>,
                        RawQuery(query): RawQuery,
                        headers: HeaderMap,
                        body: Bytes| {
        let tenant = Arc::clone(&tenant);
        async move {
            let path: BTreeMap<String, String> = path.into_iter().collect();
            let call = Call::new(endpoint, path, &query.unwrap_or_default(), &headers, body);
            // A task of its own: what the call does must not end with its caller's patience.
            let work = tokio::spawn(async move { tenant.answer(call).await });
            match work.await {
                Ok(Some(response)) => response,
                Ok(None) | Err(_) => closed(&connection),
            }
        }
    };
    on(endpoint.filter(), handler)
}

fn closed(connection: &Switch) -> Response {
    connection.close();
    // Never sent: the connection fails before its first byte.
    ().into_response()
}

/// A simulator that serves calls. Dropping it ends all its connections.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    tenant: Arc<Tenant>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base address for V1 and V2 alike, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.tenant.clock
    }

    /// Everything the tenant holds now.
    pub fn state(&self) -> State {
        self.tenant.inside().state.clone()
    }

    /// Edits the tenant by hand, as somebody in Kaseya's pages would; the history keeps none of it.
    ///
    /// # Errors
    /// When the state cannot be kept in its file; nothing is changed then.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut State) -> T) -> Result<T, DataError> {
        self.tenant.inside().change(|state| Ok(edit(state)))
    }

    /// Waits until the tenant is so, asking again after each change.
    pub async fn until(&self, so: impl Fn(&State) -> bool) {
        let mut changed = self.tenant.inside().changed.subscribe();
        while !so(&self.tenant.inside().state) {
            changed.changed().await.expect("the sender lives in the tenant, which this handle holds");
        }
    }

    /// Every write of a line through the interface, oldest first.
    pub fn history(&self) -> Vec<UnitWrite> {
        self.tenant.inside().state.history.clone()
    }

    /// The month end of the month that this day is in, as [`State::invoice`].
    ///
    /// # Errors
    /// When the state cannot be kept in its file; nothing is invoiced then.
    pub fn invoice(&self, month: Date) -> Result<Vec<Invoice>, DataError> {
        let now = self.clock().now();
        self.edit(|state| state.invoice(month, now))
    }

    /// How many calls came per endpoint since the start, refused and failed ones too.
    pub fn calls(&self) -> BTreeMap<Endpoint, u64> {
        self.tenant.inside().calls.clone()
    }

    /// How often somebody tried to log in.
    pub fn logins(&self) -> Logins {
        self.tenant.inside().sessions.logins
    }

    /// How often the user was locked for failed logins.
    pub fn locked_out(&self) -> u64 {
        self.tenant.inside().sessions.locked_out
    }

    /// Ends all tokens of V2 and V1 at once; logging in is as before.
    pub fn revoke_tokens(&self) {
        self.tenant.inside().sessions.revoke();
    }

    /// Lets the n-th next call of an endpoint go wrong; 1 is the next one.
    pub fn fail(&self, endpoint: Endpoint, nth: u32, fault: Fault) {
        self.tenant.inside().script.fail(endpoint, nth, fault);
    }

    /// Lets the n-th next call of an endpoint stand still; 1 is the next one.
    pub fn hold(&self, endpoint: Endpoint, nth: u32, at: HoldAt) -> Hold {
        self.tenant.inside().script.hold(endpoint, nth, at)
    }

    /// Ends all connections and waits until the address is free again.
    pub async fn stop(mut self) {
        self.tenant.closing.cancel();
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "the simulator's server ended");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tenant.closing.cancel();
    }
}
