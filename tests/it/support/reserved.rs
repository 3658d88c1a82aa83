//! A port that nobody else is given.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// An address of this machine on whose port nobody listens. As long as this is there, the system gives the port to nobody who asks for any, and
/// to no outgoing connection. A listener that asks for this very port, as usher does, gets it: both sockets have `SO_REUSEADDR`, and
/// this one never listens.
pub struct Reserved {
    pub address: SocketAddr,
    _held: Socket,
}

impl Reserved {
    pub fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_reuse_address(true).expect("set");
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a port");
        let address = socket.local_addr().expect("an address").as_socket().expect("an address of the internet");
        Self { address, _held: socket }
    }
}

#[test]
fn a_reserved_port_refuses_connections_is_given_to_nobody_by_chance_and_to_a_listener_that_asks_for_it() {
    let reserved = Reserved::new();
    std::net::TcpStream::connect(reserved.address).expect_err("nobody listens");
    let others: Vec<_> = (0..2_000).map(|_| Reserved::new()).collect();
    assert!(others.iter().all(|other| other.address != reserved.address));
    let listener = std::net::TcpListener::bind(reserved.address).expect("it has `SO_REUSEADDR` too");
    std::net::TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
}
