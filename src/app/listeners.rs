//! The two listeners: public for webhooks, private for administrators.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_server::{Server, ServerHandle};
use actix_web::{
    App,
    dev::{Service, ServiceResponse},
    http::ConnectionType,
    web,
};
use socket2::Socket;
use tokio::task::JoinSet;

use super::{Error, Shutdown, error::Listener};
use crate::{
    admin::{self, ListenerState},
    console::{self, Console},
    http_server::{self, Listener as HttpListener, Timeouts},
    intake::{self, Intake, Senders},
    metrics::Metrics,
};

/// The time limits of connections; a body has its own.
const WEBHOOK_TIMEOUTS: Timeouts = Timeouts {
    head: Duration::from_secs(5),
    keep_alive: Duration::from_secs(75),
    write: Duration::from_secs(30),
    linger: Duration::from_secs(3),
};
const ADMIN_TIMEOUTS: Timeouts = Timeouts { keep_alive: Duration::from_secs(5), ..WEBHOOK_TIMEOUTS };
/// Connections of senders that there may be at once, where files enough may be open.
const WEBHOOK_CONNECTIONS: u64 = 16 * 1024;
/// Probes, a scraper of metrics and a few administrators need no more.
const ADMIN_CONNECTIONS: u64 = 512;
/// Requests in the works are finished within this time when usher stops.
const DRAIN_SECONDS: u64 = 10;
/// Connections waiting to be accepted: a burst of senders is to wait, not to be turned away.
const BACKLOG: i32 = 4096;

/// A bound socket before its server is started.
pub(super) struct Bound {
    what: Listener,
    socket: Socket,
    pub(super) address: SocketAddr,
}

impl Bound {
    /// Has connections wait until they are answered. Before that they are refused.
    ///
    /// # Errors
    /// `Error` if the socket can't listen.
    pub(super) fn listen(&self) -> Result<(), Error> {
        self.socket.listen(BACKLOG).map_err(|error| self.refused(error))
    }

    fn refused(&self, error: io::Error) -> Error {
        Error::Listen { what: self.what, address: self.address, error }
    }
}

/// The listeners that are answered.
#[derive(Default)]
pub(super) struct Listeners {
    servers: JoinSet<io::Result<()>>,
    webhooks: Option<ServerHandle>,
    admin: Option<ServerHandle>,
}

impl Listeners {
    /// Has webhooks answered on `bound` from now on.
    ///
    /// # Errors
    /// `Error` if the server can't be started.
    pub(super) fn webhooks(
        &mut self,
        bound: Bound,
        intake: Intake,
        shutdown: Shutdown,
        metrics: Metrics,
    ) -> Result<Arc<Senders>, Error> {
        let senders = intake.senders();
        let intake = web::Data::new(intake);
        let app = move || {
            let shutdown = shutdown.clone();
            let app = App::new().app_data(intake.clone()).configure(intake::configure);
            // `from_fn` would allocate the way of each request.
            app.wrap_fn(move |request, service| closing(shutdown.clone(), service.call(request)))
        };
        let listener = HttpListener {
            name: "webhooks",
            workers: None,
            connections: Connections::within(open_files()).webhooks,
            timeouts: WEBHOOK_TIMEOUTS,
            drain_seconds: DRAIN_SECONDS,
            metrics,
        };
        self.webhooks = Some(self.start(bound, |socket| http_server::serve(listener, socket, app))?);
        Ok(senders)
    }

    /// Has probes, and with `console` administrators, answered on `bound` from now on.
    ///
    /// # Errors
    /// `Error` if the server can't be started.
    pub(super) fn admin(
        &mut self,
        bound: Bound,
        listener: web::Data<ListenerState>,
        console: Option<web::Data<Console>>,
        metrics: Metrics,
    ) -> Result<(), Error> {
        let app = move || {
            let pages = console.clone().map(console::pages);
            let is_admin = pages.is_some();
            let with_pages = |scope| match pages {
                Some(pages) => pages(scope),
                None => scope,
            };
            App::new().configure(admin::configure(listener.clone(), is_admin, with_pages))
        };
        let listener = HttpListener {
            name: "admin",
            workers: Some(1),
            connections: Connections::within(open_files()).admin,
            timeouts: ADMIN_TIMEOUTS,
            drain_seconds: DRAIN_SECONDS,
            metrics,
        };
        self.admin = Some(self.start(bound, |socket| http_server::serve(listener, socket, app))?);
        Ok(())
    }

    fn start(
        &mut self,
        bound: Bound,
        serve: impl FnOnce(TcpListener) -> io::Result<Server>,
    ) -> Result<ServerHandle, Error> {
        bound.listen()?;
        let Bound { what, socket, address } = bound;
        let server = serve(socket.into()).map_err(|error| Error::Listen { what, address, error })?;
        let handle = server.handle();
        self.servers.spawn(server);
        Ok(handle)
    }

    /// Returns when one of the listeners has ended; never if there is none.
    pub(super) async fn ended(&mut self) -> Option<Result<io::Result<()>, tokio::task::JoinError>> {
        self.servers.join_next().await
    }

    /// Accepts no more webhooks; returns when those that were begun are answered.
    pub(super) async fn stop_webhooks(&self) {
        if let Some(handle) = &self.webhooks {
            handle.stop(true).await;
        }
    }

    /// Answers administrators and probes no more.
    pub(super) async fn stop_admin(&self) {
        if let Some(handle) = &self.admin {
            handle.stop(true).await;
        }
    }
}

/// Answers with `Connection: close` once the shutdown has begun, so that senders connect again, to another process.
async fn closing<B>(
    shutdown: Shutdown,
    answer: impl Future<Output = Result<ServiceResponse<B>, actix_web::Error>>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let mut response = answer.await?;
    if shutdown.has_begun() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// The number of connections of each listener.
#[derive(Debug, PartialEq, Eq)]
struct Connections {
    webhooks: usize,
    admin: usize,
}

impl Connections {
    /// Both listeners together use at most three quarters of the files that may be open, and the admin port at most a
    /// quarter of that: the log and the products need some, too.
    fn within(open_files: u64) -> Self {
        let both = open_files / 4 * 3;
        let admin = ADMIN_CONNECTIONS.min(both / 4);
        let webhooks = WEBHOOK_CONNECTIONS.min(both - admin);
        let number = |connections| usize::try_from(connections).unwrap_or(usize::MAX);
        Self { webhooks: number(webhooks), admin: number(admin) }
    }
}

/// The number of files that this process may have open.
fn open_files() -> u64 {
    rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(u64::MAX, |(soft, _)| soft)
}

/// Takes `address`, before anything is made or opened: a port in use is said first. Connections are refused until
/// [`Bound::listen`].
///
/// # Errors
/// `Error::Listen` if the address can't be used.
pub(super) fn bind(what: Listener, address: SocketAddr) -> Result<Bound, Error> {
    let bind = || -> io::Result<_> {
        let socket = Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.set_nonblocking(true)?;
        let bound = socket.local_addr()?.as_socket();
        Ok(Bound { what, socket, address: bound.unwrap_or(address) })
    };
    bind().map_err(|error| Error::Listen { what, address, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_listeners_together_leave_files_for_the_rest() {
        for (open_files, webhooks, admin) in
            [(1_024, 576, 192), (4_096, 2_560, 512), (1_048_576, 16_384, 512), (u64::MAX, 16_384, 512)]
        {
            let connections = Connections::within(open_files);
            assert_eq!(connections, Connections { webhooks, admin }, "{open_files}");
        }
    }
}
