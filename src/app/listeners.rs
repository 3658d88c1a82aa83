//! The two listeners: public for webhooks, private for administrators.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    web,
};
use tokio::task::JoinSet;

use super::{Error, error::Listener};
use crate::{
    admin::{self, AdminState},
    intake::{self, Intake},
};

/// A request's head must arrive within this time; a body has its own limit.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Requests in the works are finished within this time when usher stops.
const DRAIN_SECONDS: u64 = 10;
/// Connections waiting to be accepted: a burst of senders is to wait, not to be turned away.
const BACKLOG: i32 = 4096;

/// A bound socket that nobody answers on yet.
pub(super) struct Bound {
    what: Listener,
    socket: TcpListener,
    pub(super) address: SocketAddr,
}

/// Listeners, not yet running.
#[derive(Default)]
pub(super) struct Listeners {
    servers: Vec<Server>,
}

impl Listeners {
    /// Has webhooks answered on `bound`.
    pub(super) fn webhooks(&mut self, bound: Bound, intake: Intake) -> Result<(), Error> {
        let Bound { what, socket, address } = bound;
        let intake = web::Data::new(intake);
        let server = HttpServer::new(move || App::new().app_data(intake.clone()).configure(intake::configure))
            .client_request_timeout(HEAD_PATIENCE)
            .keep_alive(KEEP_ALIVE)
            .shutdown_timeout(DRAIN_SECONDS)
            .disable_signals()
            .listen(socket)
            .map_err(|error| Error::Listen { what, address, error })?;
        self.servers.push(server.run());
        Ok(())
    }

    /// Has probes, and with `api` administrators, answered on `bound`.
    pub(super) fn admin(&mut self, bound: Bound, state: AdminState, api: bool) -> Result<(), Error> {
        let Bound { what, socket, address } = bound;
        let state = web::Data::new(state);
        let server = HttpServer::new(move || App::new().configure(admin::configure(state.clone(), api)))
            .workers(1)
            .client_request_timeout(HEAD_PATIENCE)
            .shutdown_timeout(DRAIN_SECONDS)
            .disable_signals()
            .listen(socket)
            .map_err(|error| Error::Listen { what, address, error })?;
        self.servers.push(server.run());
        Ok(())
    }

    /// Starts what was bound; the handles are in the order of binding.
    pub(super) fn start(self) -> (JoinSet<io::Result<()>>, Vec<ServerHandle>) {
        let handles = self.servers.iter().map(Server::handle).collect();
        (self.servers.into_iter().collect(), handles)
    }
}

/// Takes `address`, before anything is made or opened: a port in use is said first.
pub(super) fn bind(what: Listener, address: SocketAddr) -> Result<Bound, Error> {
    let bind = || -> io::Result<_> {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from(socket);
        let address = socket.local_addr()?;
        Ok(Bound { what, socket, address })
    };
    bind().map_err(|error| Error::Listen { what, address, error })
}
