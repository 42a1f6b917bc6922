//! Who is at the other end: the client's address, and whether the way to it is encrypted.
//!
//! The one place that decides it. Headers that a client can write itself (`Forwarded`, `X-Forwarded-For`) are not
//! believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;

/// The client's address.
pub(super) fn address(request: &HttpRequest) -> IpAddr {
    request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

/// What attempts are counted by: an IPv4 address, or the /64 network that an IPv6 customer has at the least.
pub(super) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Whether the client speaks TLS: then cookies are for TLS only.
pub(super) fn is_secure(request: &HttpRequest) -> bool {
    request.app_config().secure()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_customer_is_one_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
    }
}
