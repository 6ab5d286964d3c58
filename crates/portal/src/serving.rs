//! The portal as a service.

use axum::Router;
use tokio::net::TcpListener;

use crate::{Portal, connections, router};

impl Portal {
    /// Every address, as it is served.
    pub fn router(&self) -> Router {
        router::router(self.clone())
    }

    /// Begins to listen.
    pub async fn bind(&self) -> std::io::Result<TcpListener> {
        TcpListener::bind(self.settings.address).await
    }

    /// Answers until it is to stop, and then what was asked before.
    pub async fn run(self, listener: TcpListener) -> std::io::Result<()> {
        let stop = self.stop.clone();
        connections::serve(listener, self.router(), self.proxies, stop).await
    }
}
