//! The portal as a service.

use axum::Router;
use tokio::net::TcpListener;

use crate::{Portal, connections, router};

impl Portal {
    /// All routes.
    pub fn router(&self) -> Router {
        router::router(self.clone())
    }

    /// Binds the listener.
    pub async fn bind(&self) -> std::io::Result<TcpListener> {
        TcpListener::bind(self.settings.address).await
    }

    /// Serves until stopped, then finishes the requests it has already received.
    pub async fn run(self, listener: TcpListener) -> std::io::Result<()> {
        let stop = self.stop.clone();
        connections::serve(listener, self.router(), self.proxies, stop).await
    }
}
