//! Connections that fail or break.

use std::io;

/// The meaning of an error of the operating system, if it is known.
pub(super) fn io(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    let none_left = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(|errno| errno.raw_os_error());
    if error.raw_os_error().is_some_and(|errno| none_left.contains(&errno)) {
        return Some("this machine lets usher open no more connections; raise its limit of open files (`ulimit -n`)");
    }
    Some(match error.kind() {
        Kind::ConnectionRefused => {
            "nothing listens there (connection refused); is the product running, and is the port in `base_url` right?"
        }
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::NotConnected => {
            "the connection was cut on the other side"
        }
        Kind::UnexpectedEof => "the connection was closed before all had come",
        Kind::TimedOut => "nobody answers there; a firewall may stand between",
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            "no way leads there; check this machine's network, and firewalls between"
        }
        Kind::PermissionDenied => "this machine does not let usher connect there; check its own firewall",
        Kind::AddrInUse | Kind::AddrNotAvailable => "this machine has no port left for the connection",
        _ => return None,
    })
}

/// The meaning of an error of HTTP; `plain`: the call was not encrypted.
pub(super) fn http(error: &hyper::Error, plain: bool) -> &'static str {
    if error.is_parse() && plain {
        "what comes from there is no HTTP; where the port is one for HTTPS, write `https://` in `base_url`"
    } else if error.is_parse() {
        "what comes from there is no HTTP; check the port in `base_url`"
    } else if error.is_timeout() {
        "nobody answers there in time"
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        "the connection was closed before the answer was whole"
    } else {
        "the connection broke"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_is_told_in_words_with_what_to_do() {
        for (errno, said) in [
            (rustix::io::Errno::CONNREFUSED, "connection refused"),
            (rustix::io::Errno::CONNRESET, "cut on the other side"),
            (rustix::io::Errno::TIMEDOUT, "firewall"),
            (rustix::io::Errno::HOSTUNREACH, "no way leads there"),
            (rustix::io::Errno::MFILE, "ulimit -n"),
        ] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert!(io(&error).unwrap().contains(said), "{errno:?}");
        }
        assert_eq!(io(&io::Error::other("anything else")), None);
    }
}
